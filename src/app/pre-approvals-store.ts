import type { Org, PersonId, PreApprovalId, RequestId } from '../domain/ids.ts';
import type { PreApproval } from '../domain/pre-approval.ts';
import type { Permission, PermissionRequest, Person } from '../domain/request.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './store.ts';

/** A part of a listing, newest first. `person` undefined: everybody's. `before`: the last one of the page before. */
export type PageWish<Id> = {
  readonly person: PersonId | undefined;
  readonly before: Id | undefined;
  readonly limit: number;
};

export type PreApprovalReads = {
  one(org: Org, id: PreApprovalId): Promise<PreApproval | undefined>;
  /** Those for this person and right that are open at that moment (undefined: now), as far as is known by now; the oldest first. */
  openAt(org: Org, principal: PersonId, permission: Permission, at: Instant | undefined): Promise<readonly PreApproval[]>;
  /** Of a person: those for them and those they opened. */
  page(org: Org, wish: PageWish<PreApprovalId>): Promise<readonly PreApproval[]>;
};

export type PreApprovalWrites = {
  /** Locks it, then reads. */
  lock(org: Org, id: PreApprovalId): Promise<PreApproval | undefined>;
  /** Those that are open at this moment for this person and right, locked against being ended; the oldest first. */
  openFor(org: Org, principal: PersonId, permission: Permission): Promise<readonly PreApproval[]>;
  /** How many have not closed, in all and for this person. Nobody else can add one before the commit. */
  countOpen(org: Org, principal: PersonId): Promise<{ readonly all: number; readonly ofPrincipal: number }>;
  add(actor: Actor, draft: Omit<PreApproval, 'id' | 'createdAt' | 'ended'>): Promise<PreApproval>;
  /** Closes the window now; one that is ended or closed already stays as it is. */
  end(actor: Actor, org: Org, id: PreApprovalId, by: Person): Promise<void>;
};

export type StandingAccessReads = {
  /** Requests whose grant is standing and not gone. Of a person: those for them and those they asked for. */
  page(org: Org, wish: PageWish<RequestId>): Promise<readonly PermissionRequest[]>;
};
