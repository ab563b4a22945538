import type { AskedRight } from '../domain/command.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import { type Email, parseEmail, type PreApprovalId } from '../domain/ids.ts';
import { comesAgain, coverEnd, planWindow, type PreApproval } from '../domain/pre-approval.ts';
import { parseReason } from '../domain/reason.ts';
import type { Permission } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { type Outcome, requirementsOf } from '../domain/route.ts';
import type { Instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import { findPermission } from './find-permission.ts';
import { whyOnHold } from './panics.ts';
import type { Caller } from './ports.ts';
import { type Decidable, judgeDecider, policiesBy, type RoutingDeps, whyNotDecide } from './routing.ts';
import type { Reads, Transaction } from './store.ts';

/** As typed: not yet looked up. `start` undefined: now; `duration` undefined: the smallest preset. Of `length` and `end` there is one. */
export type PreApprovalDraft = {
  readonly right: AskedRight;
  readonly to: string;
  readonly length: DurationSeconds | undefined;
  readonly start: string | undefined;
  readonly end?: string | undefined;
  /** Hours that come again; undefined: at any time. */
  readonly window?: string | undefined;
  /** Of one request inside the window. */
  readonly duration: DurationSeconds | undefined;
  readonly reason: string | undefined;
};

export type PreApprovalDoors = {
  /** Opens a window, for whoever could approve a request of that principal for that right now. */
  create(caller: Caller, draft: PreApprovalDraft): Promise<Result<PreApproval>>;
  /** Those for the caller and those they opened; all for owners, reviewers and viewers. Newest first. */
  page(caller: Caller, before: PreApprovalId | undefined, limit: number): Promise<Result<readonly PreApproval[]>>;
  read(caller: Caller, id: PreApprovalId): Promise<Result<PreApproval>>;
  /** Closes the window; what was granted in it stays. Ending it again is no error. */
  end(caller: Caller, id: PreApprovalId): Promise<Result<undefined>>;
};

const mostOpen = 1000;
const mostOpenForOne = 50;

export function createPreApprovalDoors(deps: DecideDeps, door: Doorway): PreApprovalDoors {
  return {
    create: door({ scope: 'requests:decide', attempt: 'pre-approval.create' }, (caller, draft) => create(deps, caller, draft)),
    page: door({ scope: 'requests:read', attempt: 'pre-approval.list' }, async (caller, before, limit) => {
      const person = (await seesAll(deps, caller)) ? undefined : caller.person.id;
      return accept(await deps.store.preApprovals.page(caller.org, { person, before, limit }));
    }),
    read: door({ scope: 'requests:read', attempt: 'pre-approval.read' }, async (caller, id) => {
      const found = await deps.store.preApprovals.one(caller.org, id);
      return found === undefined || !(await mayRead(deps, caller, found)) ? reject({ code: 'not-found' }) : accept(found);
    }),
    end: door({ scope: 'requests:decide', attempt: 'pre-approval.end' }, (caller, id) => end(deps, caller, id)),
  };
}

async function create(deps: DecideDeps, caller: Caller, draft: PreApprovalDraft): Promise<Result<PreApproval>> {
  const found = findPermission(deps.integrations, draft.right);
  if (!found.ok) return found;
  const to = parseEmail(draft.to);
  if (to === undefined) return reject({ code: 'invalid-principal', given: draft.to });
  const account = found.value.integration.accountOf(to);
  if (!account.ok) return account;
  const reason = draft.reason === undefined ? accept(undefined) : parseReason(draft.reason);
  if (!reason.ok) return reason;
  return deps.store.transaction((tx) => open(deps, tx, caller, { ...draft, permission: found.value.permission, to, reason: reason.value }));
}

type Wish = Omit<PreApprovalDraft, 'to' | 'right'> & { readonly permission: Permission; readonly to: Email };

async function open(deps: DecideDeps, tx: Transaction, caller: Caller, wish: Wish): Promise<Result<PreApproval>> {
  const { org, person: creator, keyMakers = [], via } = caller;
  const { permission, reason } = wish;
  const principal = await tx.person(org, wish.to);
  const window = planWindow(wish, await tx.settings(org), await tx.now());
  if (!window.ok) return window;
  // Counted first: whoever had to wait here for another must then decide by what is true afterwards (I7).
  const { all, ofPrincipal } = await tx.preApprovals.countOpen(org, principal.id);
  const ahead = { keyMakers: [], durationNamed: true, isPreapproved: true };
  const request: Decidable = { ...ahead, org, requestor: principal, principal, permission, reason };
  const outcome = await deps.router(tx, request);
  const refusal = whyNotAhead(outcome, reason) ?? inItsWords(await whyNotDecide(deps.routing, tx, request, outcome, caller));
  if (refusal !== undefined) return reject(refusal);
  const onHold = await whyOnHold(tx, org, [principal.id, creator.id], permission);
  if (onHold !== undefined) return reject(onHold);
  if (ofPrincipal >= mostOpenForOne)
    return reject({ code: 'too-many', what: 'open pre-approvals for one principal', maximum: mostOpenForOne });
  if (all >= mostOpen) return reject({ code: 'too-many', what: 'open pre-approvals', maximum: mostOpen });
  return accept(
    await tx.preApprovals.add(actorOf(caller), { org, principal, creator, keyMakers, via, permission, reason, ...window.value }),
  );
}

/** What refuses a pre-approval whoever would open it. */
export function whyNotAhead(outcome: Outcome, reason: string | undefined): Rejection | undefined {
  if (outcome.kind === 'deny') return { code: 'not-allowed', deniedBy: outcome.policy };
  if (outcome.kind === 'none') return { code: 'not-allowed' };
  return requirementsOf(outcome).reason && reason === undefined ? { code: 'reason-required' } : undefined;
}

/** There is no request yet that the refusal could speak of. */
export const inItsWords = (refusal: Rejection | undefined): Rejection | undefined =>
  refusal?.code === 'not-approver' || refusal?.code === 'own-request' ? { ...refusal, ahead: true } : refusal;

/**
 * A pre-approval that decides a request, and the policies by which whoever opened it may approve. `until`: what it gives
 * ends then at the latest.
 */
export type Cover = PreApproval & { readonly policies: readonly string[]; readonly until: Instant | undefined };

type Asked = Omit<Decidable, 'isPreapproved'> & { readonly asked: DurationSeconds };

/**
 * The pre-approval that decides this request now: long enough, and opened by somebody who could still approve it
 * themselves (I7). Undefined where there is none; then the request goes the ordinary way.
 */
export async function findCover(deps: DecideDeps, tx: Transaction, request: Asked, outcome: Outcome): Promise<Cover | undefined> {
  if (outcome.kind !== 'ask') return undefined;
  const windows = await tx.preApprovals.openFor(request.org, request.principal.id, request.permission);
  return firstCover(deps.routing, tx, request, outcome, windows, await tx.now());
}

/** Of these windows the one that decides such a request, by what its opener may do now, and lets it last longest. */
export async function firstCover(
  routing: RoutingDeps,
  reads: Reads,
  request: Asked,
  outcome: Outcome,
  windows: readonly PreApproval[],
  now: Instant,
): Promise<Cover | undefined> {
  const open = windows.flatMap((each) => {
    const until = coverEnd(each, now);
    return until === 'outside' ? [] : [{ ...each, until }];
  });
  const longestFirst = open.toSorted((one, other) => (other.until ?? Infinity) - (one.until ?? Infinity) || 0);
  for (const each of longestFirst) {
    const policies = await policiesOfOpener(routing, reads, request, outcome, each);
    if (policies !== undefined) return { ...each, policies };
  }
  return undefined;
}

/** The first of these windows that would decide such a request, were its hours open; they will be again. */
export async function coverInItsHours(
  routing: RoutingDeps,
  reads: Reads,
  request: Asked,
  outcome: Outcome,
  windows: readonly PreApproval[],
  now: Instant,
): Promise<PreApproval | undefined> {
  for (const each of windows)
    if (comesAgain(each, now) && (await policiesOfOpener(routing, reads, request, outcome, each)) !== undefined) return each;
  return undefined;
}

/** Undefined: it is not for so long a request, or whoever opened it could not approve it now. */
async function policiesOfOpener(
  routing: RoutingDeps,
  reads: Reads,
  request: Asked,
  outcome: Outcome,
  { duration, creator, keyMakers }: PreApproval,
): Promise<readonly string[] | undefined> {
  if (request.asked > duration) return undefined;
  const opener = { person: creator, keyMakers };
  const { refusal, paths } = await judgeDecider(routing, reads, { ...request, isPreapproved: true }, outcome, opener);
  return refusal === undefined ? policiesBy(paths) : undefined;
}

async function end(deps: DecideDeps, caller: Caller, id: PreApprovalId): Promise<Result<undefined>> {
  return deps.store.transaction(async (tx) => {
    const found = await tx.preApprovals.lock(caller.org, id);
    if (found === undefined || !(await mayRead(deps, caller, found, tx))) return reject({ code: 'not-found' });
    const refusal = isOwn(found, caller) ? undefined : await whyNotInRole(deps.routing, tx, caller, ['owner', 'manager']);
    if (refusal !== undefined) return reject(refusal);
    await tx.preApprovals.end(actorOf(caller), caller.org, id, caller.person);
    return accept(undefined);
  });
}

const isOwn = ({ principal, creator }: PreApproval, { person }: Caller): boolean => person.id === principal.id || person.id === creator.id;

const mayRead = async (deps: DecideDeps, caller: Caller, found: PreApproval, reads: Reads = deps.store): Promise<boolean> =>
  isOwn(found, caller) || seesAll(deps, caller, reads);

/** Owners, reviewers and viewers see everybody's. Where that cannot be told, the caller sees only their own. */
export const seesAll = async (deps: DecideDeps, caller: Caller, reads: Reads = deps.store): Promise<boolean> =>
  (await whyNotInRole(deps.routing, reads, caller, ['owner', 'manager', 'viewer'])) === undefined;
