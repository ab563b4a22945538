import type { DurationSeconds } from '../domain/duration.ts';
import { toSeconds } from '../domain/duration.ts';
import { canonicalEmail, type Email, parseEmail } from '../domain/ids.ts';
import { parseReason } from '../domain/reason.ts';
import { parseRecurringWindow, type RecurringWindow, recurringWindowText } from '../domain/recurring-window.ts';
import { isSelf, type PermissionRequest, type Person } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { inDoubt, onCallAccess, type Outcome, requirementsOf } from '../domain/route.ts';
import { type Settings, smallestAllowed, whyTooLong } from '../domain/settings.ts';
import { after, type Instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import { findOpening, isGivenBy, longestNow, takeAtOnce, whyNotInEmergency } from './break-glass.ts';
import { type DecideDeps, planGrant, planGrantUntil, planInHours } from './decide-request.ts';
import { accessOf, whyNoMore } from './access-of.ts';
import { findPermission } from './find-permission.ts';
import { whyOnHold } from './panics.ts';
import type { Caller } from './ports.ts';
import { type Cover, findCover } from './pre-approvals.ts';
import { findRepeated, isActive, isLive, isSame, isTwin, type Wished } from './repeated-request.ts';
import { policiesOf, routeBy, routeByVersion, type Routed } from './routing.ts';
import type { Transaction } from './store.ts';
import { whyTooFew } from './too-few.ts';
import type { Draft, Submitted } from './use-cases.ts';

/** As many undecided requests one person may have (I16). */
export const openLimit = 20;

/**
 * Puts a request on record and routes it. What policies give without anybody's decision is decided in the same transaction.
 * Sent twice while the first is open, or right after it was decided at once, it returns the first: clients repeat a POST
 * whose answer was lost.
 */
export async function submitRequest(deps: DecideDeps, caller: Caller, draft: Draft): Promise<Result<Submitted>> {
  const ready = readDraft(deps, caller, draft);
  if (!ready.ok) return ready;
  const plain = await askPlainly(deps, caller, ready.value);
  if (plain !== undefined) return accept(plain);
  return deps.store.transaction((tx) => submitReady(deps, tx, caller, ready.value));
}

/** The same inside a transaction of the caller's: what else is written there stands or falls with the request. */
export async function submitWithin(deps: DecideDeps, tx: Transaction, caller: Caller, draft: Draft): Promise<Result<Submitted>> {
  const ready = readDraft(deps, caller, draft);
  return ready.ok ? submitReady(deps, tx, caller, ready.value) : ready;
}

/** A draft whose right is offered and whose words can be stored. */
type Ready = Pick<Wish, 'permission' | 'reason'> & {
  readonly to: Email;
  readonly account: string;
  readonly duration: DurationSeconds | undefined;
  readonly hours: RecurringWindow | undefined;
  readonly breakGlass: boolean;
};

function readDraft({ integrations }: DecideDeps, { person }: Caller, draft: Draft): Result<Ready> {
  const found = findPermission(integrations, draft.right);
  if (!found.ok) return found;
  const to = draft.to === undefined ? person.email : parseEmail(draft.to);
  if (to === undefined) return reject({ code: 'invalid-principal', given: draft.to ?? '' });
  const account = found.value.integration.accountOf(to);
  if (!account.ok) return account;
  const reason = draft.reason === undefined ? accept(undefined) : parseReason(draft.reason);
  if (!reason.ok) return reason;
  const hours = draft.window === undefined ? accept(undefined) : parseRecurringWindow(draft.window);
  if (!hours.ok) return hours;
  const { permission } = found.value;
  const ready = { permission, reason: reason.value, to, account: account.value, duration: draft.duration, hours: hours.value };
  const refusal = draft.breakGlass === true ? whyNotInEmergency(ready, person) : undefined;
  return refusal === undefined ? accept({ ...ready, breakGlass: draft.breakGlass === true }) : reject(refusal);
}

async function submitReady(deps: DecideDeps, tx: Transaction, caller: Caller, ready: Ready): Promise<Result<Submitted>> {
  const principal = await lockPeople(tx, caller, ready.to);
  const settings = await tx.settings(caller.org);
  const asked = ready.duration ?? (ready.breakGlass ? longestNow(settings) : smallestAllowed(settings));
  const tooLong = whyTooLong(asked, settings);
  if (tooLong !== undefined) return reject(tooLong);
  const { permission, reason, account, hours, breakGlass } = ready;
  const wish: Wish = { permission, principal, reason, asked, durationNamed: ready.duration !== undefined, hours, breakGlass };
  return admit(deps, tx, caller, settings, wish, account);
}

/**
 * The common case, without a transaction: people have to decide, and nothing that is on record matters to it. It is judged
 * by what is known already, and stands only if that still holds when it is written down. Undefined: it did not, or there
 * is more to it, and nothing was done.
 */
async function askPlainly(deps: DecideDeps, caller: Caller, ready: Ready): Promise<Submitted | undefined> {
  const { permission, reason, duration, account, hours, breakGlass } = ready;
  if (hours !== undefined || breakGlass) return undefined;
  const to = canonicalEmail(ready.to);
  const { store, routing } = deps;
  const { org, person: requestor } = caller;
  const { ruleRevision, settings, othersReview } = caller.outlook ?? (await store.outlook(org, requestor.email));
  const wish = { permission, reason, asked: duration ?? smallestAllowed(settings), durationNamed: duration !== undefined };
  if (wish.asked > toSeconds(settings.maxAccess)) return undefined;
  const policies = await routing.policies({ ruleBook: (each) => store.ruleBook(each), ruleRevision: async () => ruleRevision }, org);
  const { outcome } = await routeBy(routing, policies, settings, to, permission);
  if (outcome.kind !== 'ask' || whyNotAsk(outcome, wish, false) !== undefined) return undefined;
  const asked = { ...wish, org, requestor, principal: { email: to }, othersReview: othersReview && to === canonicalEmail(requestor.email) };
  if ((await whyTooFew(routing, store, asked, outcome)) !== undefined) return undefined;
  const added = await store.plainAsks.add(actorOf(caller), {
    ...wish,
    org,
    requestor,
    keyMakers: caller.keyMakers ?? [],
    principal: to,
    account,
    openLimit,
    rules: { version: policies.version, policies: policiesOf(outcome) },
    judgedBy: { ruleRevision, settings },
  });
  return added === undefined ? undefined : { ...added, isPersistent: false, isPreapproved: false };
}

type Wish = Wished & { readonly principal: Person; readonly durationNamed: boolean };

/** What the principal holds must not change either while it is judged. In order, so that two who ask for each other do not wait for ever. */
async function lockPeople(tx: Transaction, { org, person }: Caller, to: Email): Promise<Person> {
  // First of all: whoever else makes them known holds them until it is done.
  const principal = await tx.person(org, to);
  for (const id of [...new Set([person.id, principal.id])].toSorted()) await tx.lockPerson(org, id);
  return principal;
}

async function admit(
  deps: DecideDeps,
  tx: Transaction,
  caller: Caller,
  settings: Settings,
  wish: Wish,
  account: string,
): Promise<Result<Submitted>> {
  const { org } = caller;
  const onHold = await whyOnHold(tx, org, [wish.principal.id, caller.person.id], wish.permission);
  if (onHold !== undefined) return reject(onHold);
  const access = await accessOf(tx, org, wish.principal);
  const held = access.filter((request) => isSame(request.permission, wish.permission));
  const standing = held.find((request) => isThere(request, wish.hours));
  if (standing !== undefined) return repeatStanding(deps, tx, caller, standing, wish);
  const repeated = findRepeated(held, caller, wish, await tx.now());
  if (repeated !== undefined) return accept(repeated);
  const open = await tx.requests(org, { kind: 'open', by: caller.person.id }, openLimit);
  const isPreexisting = held.some(isActive);
  const twin = open.find((request) => isTwin(request, caller.person, wish));
  if (twin !== undefined) return resubmit(deps, tx, twin, account, isPreexisting);
  if (open.length >= openLimit && wish.breakGlass !== true) return reject({ code: 'too-many-open', maximum: openLimit });
  const holder = await tx.accountHolder(org, wish.permission.integration, account);
  const taken = reject({ code: 'account-unusable', account });
  if (holder !== undefined && holder !== wish.principal.id) return taken;

  const routed = await routeByVersion(deps.routing, tx, { org, principal: wish.principal, permission: wish.permission });
  const { outcome, version } = routed;
  const asker = { requestor: caller.person, keyMakers: caller.keyMakers ?? [] };
  const cover = await findCover(deps, tx, { org, ...asker, ...wish, breakGlass: undefined }, outcome);
  // What nobody has to decide is given in the usual way, and nothing is owed for it.
  const isGiven = isGivenBy(routed) || cover !== undefined;
  const opening = wish.breakGlass === true && !isGiven ? await findOpening(deps.routing, tx, { org, ...wish }, routed) : undefined;
  if (opening?.ok === false) return opening;
  const unfit = opening === undefined ? (whyNotAsk(outcome, wish, cover !== undefined) ?? whyNoHours(outcome, wish)) : undefined;
  const refusal = unfit ?? (isGiven ? whyNoMore(access) : undefined);
  if (refusal !== undefined) return reject(refusal);
  const needsNobody = isGiven || opening !== undefined;
  const tooFew = needsNobody ? undefined : await whyTooFew(deps.routing, tx, { org, ...asker, ...wish }, outcome);
  if (tooFew !== undefined) return reject(tooFew);
  if (needsNobody && !(await tx.claimAccount(org, wish.permission.integration, account, wish.principal.id))) return taken;
  const now = await tx.now();
  const id = await tx.addRequest(actorOf(caller), {
    org,
    ...asker,
    ...wish,
    createdAt: now,
    approvableUntil: after(now, toSeconds(settings.approvable)),
    outcome: outcome.kind,
    rules: opening?.value ?? { version, policies: policiesOf(outcome) },
  });
  const request = await mustRead(tx, org, id);
  if (opening !== undefined) {
    await takeAtOnce(tx, caller, request, opening.value, account, now);
    return accept({ request: await mustRead(tx, org, id), isPreexisting, isPersistent: false, isPreapproved: false });
  }
  const given =
    cover === undefined
      ? await decideByPolicy(tx, request, routed, settings, account, now, wish.hours)
      : await decideByPreApproval(tx, request, cover, version, account, now);
  return accept({ request: given, isPreexisting, isPersistent: outcome.kind === 'persistent', isPreapproved: cover !== undefined });
}

/** Standing access that gives what is asked for: whoever has it in some hours only may ask for more while they are closed. */
export function isThere({ state }: PermissionRequest, hours: RecurringWindow | undefined): boolean {
  if (state.kind !== 'approved' || !state.grant.standing) return false;
  const own = state.grant.hours;
  return own === undefined || (hours === undefined ? own.state !== 'closed' : own.text === recurringWindowText(hours));
}

/** What ends soon anyway has no hours that come again. */
export const whyNoHours = (outcome: Outcome, { hours }: Pick<Wish, 'hours'>): Rejection | undefined =>
  hours === undefined || outcome.kind === 'persistent'
    ? undefined
    : { code: 'invalid-value', field: 'window', why: 'Only standing access has hours, and no policy gives this as standing access.' };

/**
 * Policies would give standing access that is there already, whoever asked for it: that is the answer, and no second grant.
 * Those whom the request does not concern learn no more of it than that.
 */
async function repeatStanding(
  deps: DecideDeps,
  tx: Transaction,
  { org, person }: Caller,
  standing: PermissionRequest,
  wish: Wish,
): Promise<Result<Submitted>> {
  const { outcome } = await routeByVersion(deps.routing, tx, { org, principal: wish.principal, permission: wish.permission });
  const isAnswer = outcome.kind === 'persistent' && whyNotAsk(outcome, wish, false) === undefined;
  if (!isAnswer || !isSelf(standing, person.id) || !isLive(standing, await tx.now())) return reject({ code: 'standing-exists' });
  return accept({ request: standing, isPreexisting: isActive(standing), isPersistent: true, isPreapproved: false });
}

/** The first one stands. Where a window was opened since, asking again inside it is all that was missing. */
async function resubmit(
  deps: DecideDeps,
  tx: Transaction,
  twin: PermissionRequest,
  account: string,
  isPreexisting: boolean,
): Promise<Result<Submitted>> {
  const unchanged = { request: twin, isPreexisting, isPersistent: false, isPreapproved: false };
  const { outcome, version } = await routeByVersion(deps.routing, tx, twin);
  const cover = await findCover(deps, tx, twin, outcome);
  const request = cover === undefined ? undefined : await tx.lockRequest(twin.org, twin.id);
  const now = await tx.now();
  if (cover === undefined || request?.state.kind !== 'pending' || now >= request.approvableUntil)
    return accept({ ...unchanged, request: request ?? twin });
  if (!(await tx.claimAccount(twin.org, twin.permission.integration, account, twin.principal.id)))
    return reject({ code: 'account-unusable', account });
  return accept({ ...unchanged, request: await decideByPreApproval(tx, request, cover, version, account, now), isPreapproved: true });
}

/** What refuses a request because of what policies make of it. */
export function whyNotAsk(outcome: Outcome, wish: Pick<Wish, 'reason' | 'durationNamed'>, isPreapproved: boolean): Rejection | undefined {
  if (outcome.kind === 'unavailable') return inDoubt(outcome);
  if (outcome.kind === 'deny') return { code: 'not-allowed', deniedBy: outcome.policy };
  if (outcome.kind === 'none') return { code: 'not-allowed' };
  const needs = requirementsOf(outcome);
  if (needs.preapproval && !isPreapproved) return { code: 'preapproval-required' };
  if (needs.reason && wish.reason === undefined) return { code: 'reason-required' };
  if (needs.duration && !wish.durationNamed) return { code: 'duration-required' };
  if (outcome.kind === 'ask' && outcome.paths.length === 0) return { code: 'nobody-can-approve', policies: outcome.deadEnds ?? [] };
  return undefined;
}

/** `persistent` and `auto` outcomes need nobody: the policy itself is the decider. */
export async function decideByPolicy(
  tx: Transaction,
  request: PermissionRequest,
  { outcome, version }: Routed,
  settings: Settings,
  account: string,
  now: Instant,
  hours: RecurringWindow | undefined,
): Promise<PermissionRequest> {
  if (outcome.kind !== 'persistent' && outcome.kind !== 'auto') return request;
  const standing = outcome.kind === 'persistent';
  const shorter = request.asked < onCallAccess ? request.asked : onCallAccess;
  const decision = {
    by: { kind: 'policy', name: outcome.policy },
    at: now,
    duration: standing ? toSeconds(settings.standingAccess) : shorter,
    standing,
    account,
    rules: { version, policies: [outcome.policy] },
  } as const;
  const plan = hours !== undefined && standing ? planInHours(decision, hours) : planGrant(decision);
  await tx.approve(decision.by, request, plan);
  return mustRead(tx, request.org, request.id);
}

/** Who opened the window decided beforehand: they are the decider, and the event names the window. */
export async function decideByPreApproval(
  tx: Transaction,
  request: PermissionRequest,
  { id: preApproval, creator, via, policies, until }: Cover,
  version: string,
  account: string,
  at: Instant,
): Promise<PermissionRequest> {
  const decided = { by: { kind: 'person', person: creator } as const, at, duration: request.asked, standing: false, account };
  const plan = planGrantUntil(decided, until);
  await tx.approve({ kind: 'person', ...creator, via }, request, { ...plan, preApproval, rules: { version, policies } });
  return mustRead(tx, request.org, request.id);
}

export async function mustRead(tx: Transaction, org: PermissionRequest['org'], id: PermissionRequest['id']): Promise<PermissionRequest> {
  const request = await tx.request(org, id);
  if (request === undefined) throw new Error('a request that was just added is not there');
  return request;
}
