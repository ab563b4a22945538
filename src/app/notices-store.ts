/** What must be told to people, and where it was told. */
import type { SharedSlot } from '../domain/burst.ts';
import type { Org, PersonId, RequestId } from '../domain/ids.ts';
import type { Posting } from '../domain/posting.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Instant } from '../domain/time.ts';
import type { MessageRef, PastUse, PostAttempt } from './ports.ts';

export type NoticeStore = {
  /** Requests whose approvable time has passed, still pending. */
  lapsing(limit: number): Promise<readonly { readonly org: Org; readonly id: RequestId }[]>;
  /** Takes the right to post messages for a request for 30 s; undefined where somebody else has it. `lines` are answered by doing so. */
  claimNotices(org: Org, id: RequestId): Promise<NoticeClaim | undefined>;
  /**
   * Gives it back. `done`: strikes out the answered lines, and `next` is when the request must be looked at again although
   * nothing happens. Returns how many other lines have come; 0 where somebody else took over.
   */
  releaseNotices(
    org: Org,
    id: RequestId,
    claim: NoticeClaim,
    done: { readonly answered: readonly string[]; readonly next: Instant | undefined } | undefined,
  ): Promise<number>;
  /** Takes it for 30 s more; undefined where somebody else has it now. */
  renewNotices(org: Org, id: RequestId, claim: NoticeClaim): Promise<NoticeClaim | undefined>;
  /** Puts requests whose messages change by time now into the outbox. Returns how many. */
  wakeNotices(limit: number): Promise<number>;
  /**
   * Puts all that waits into the outbox where policies, settings or roles have changed since it was put there last: who decides, what
   * may be chosen and which buttons are good follows them.
   */
  wakeByRules(): Promise<void>;
  pastUse(request: PermissionRequest): Promise<PastUse>;
  /** Whoever is on call was told of this request. */
  keepPaged(org: Org, id: RequestId): Promise<void>;
  messages(org: Org, id: RequestId): Promise<readonly PostedMessage[]>;
  /** Also ends the attempt to post it. */
  keepMessage(org: Org, id: RequestId, message: PostedMessage): Promise<void>;
  /** Remembers the address of a message. */
  keepLink(org: Org, id: RequestId, posting: Posting, link: string): Promise<void>;
  /** What is told of this request in a message that stands for several: whose message that is, and what it shows of this one. */
  sharedNotices(org: Org, id: RequestId): Promise<readonly SharedNotice[]>;
  /**
   * Decides how a notice to the principal that is to be posted now is told, once for all processes. Where there are many, all
   * that wait join.
   * @returns the request whose message tells it, which may be this one; undefined: it has a message of its own.
   */
  shareNotice(org: Org, id: RequestId, principal: PersonId, slot: SharedSlot): Promise<RequestId | undefined>;
  /** The requests that a message of this one stands for, in the order in which they are shown. */
  sharers(org: Org, leader: RequestId, slot: SharedSlot): Promise<readonly RequestId[]>;
  /** Remembers what the leader's message shows of each. */
  keepShared(org: Org, slot: SharedSlot, told: readonly { readonly id: RequestId; readonly shown: string }[]): Promise<void>;
  /** Asks for the messages of a request to be brought up to date. */
  wakeNotice(org: Org, id: RequestId): Promise<void>;
  /** Posts that were begun and neither kept nor given up. */
  postAttempts(org: Org, id: RequestId): Promise<readonly PostAttempt[]>;
  beginAttempt(org: Org, id: RequestId, posting: Posting, channel: string): Promise<void>;
  endAttempt(org: Org, id: RequestId, posting: Posting): Promise<void>;
  /** Takes outbox lines, oldest first, and marks them as sent now: fresh ones, or those sent longer ago than `staleSeconds`. */
  takeOutbox(limit: number, which: 'fresh' | { readonly staleSeconds: number }): Promise<readonly OutboxLine[]>;
};

/** `shown`: the digest of what it shows. `link`: its address, where somebody asked for it. */
export type PostedMessage = {
  readonly posting: Posting;
  readonly ref: MessageRef;
  readonly shown: string;
  readonly link?: string | undefined;
};

export type SharedNotice = { readonly slot: SharedSlot; readonly leader: RequestId; readonly shown: string };

/** `token` tells this claim from a later one of somebody else. `at`: no later than when it was taken, and before anything was read. */
export type NoticeClaim = { readonly token: string; readonly lines: readonly string[]; readonly at: Instant };

export type OutboxLine = { readonly id: string; readonly org: Org; readonly kind: 'notify' | 'look'; readonly subject: string };
