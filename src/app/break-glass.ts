/** What may be taken at once, and the review that is owed for it (decision 18). */
import { type BreakGlass, breakGlassBy, longestBreakGlass } from '../domain/break-glass.ts';
import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { canonicalEmail, type Email, type RequestId } from '../domain/ids.ts';
import { parseReason } from '../domain/reason.ts';
import { isSelf, type PermissionRequest, type Person } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { inDoubt, type Outcome } from '../domain/route.ts';
import type { Settings } from '../domain/settings.ts';
import type { Instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import { whyNotInRole } from './authority.ts';
import { type DecideDeps, planGrant } from './decide-request.ts';
import type { Caller } from './ports.ts';
import { type Routed, type RoutingDeps, type Subject, whyNotDecide } from './routing.ts';
import type { Reads, Store, Transaction } from './store.ts';

/** What policies let somebody take at once, as of the version of all policies that is read here. */
export type Opening = Extract<BreakGlass, { kind: 'may' }> & { readonly version: string };

/** The way that policies open to this person, who must be locked. */
export async function findOpening(
  routing: Pick<RoutingDeps, 'matches'>,
  tx: Transaction,
  { org, principal }: Pick<Subject, 'org' | 'principal'>,
  { facts, candidates, version }: Routed,
): Promise<Result<Opening>> {
  const found = breakGlassBy(candidates, facts, routing.matches);
  switch (found.kind) {
    case 'denied':
      return reject({ code: 'not-allowed', deniedBy: found.policy });
    case 'unavailable':
      return reject(inDoubt(found));
    case 'closed':
      return reject({ code: 'no-break-glass' });
    case 'may': {
      const owed = await tx.breakGlass.owed(org, principal.id);
      return owed === undefined ? accept({ ...found, version }) : reject({ code: 'review-owed', request: owed });
    }
  }
}

export const notForOthers: Rejection = { code: 'invalid-value', field: 'to', why: 'Nobody takes break-glass access for somebody else.' };

/** Whoever takes it answers for it, and says why. */
export function whyNotInEmergency(
  { to, reason, hours }: { readonly to: Email; readonly reason: string | undefined; readonly hours: object | undefined },
  person: Person,
): Rejection | undefined {
  if (canonicalEmail(to) !== canonicalEmail(person.email)) return notForOthers;
  if (hours !== undefined) return { code: 'invalid-value', field: 'window', why: 'Break-glass access has no hours.' };
  return reason === undefined ? { code: 'reason-required' } : undefined;
}

/** Whoever names no length in an emergency gets all that there is: more of it cannot be had. */
export function longestNow({ maxAccess }: Settings): DurationSeconds {
  const maximum = toSeconds(maxAccess);
  return maximum < longestBreakGlass ? maximum : longestBreakGlass;
}

/** The policy that lets them take it is the decider; that they took it is an event of theirs. */
export async function takeAtOnce(
  tx: Transaction,
  caller: Caller,
  request: PermissionRequest,
  { policy, version, policies, atMost }: Opening,
  account: string,
  at: Instant,
): Promise<void> {
  const by = { kind: 'policy', name: policy } as const;
  const duration = request.asked < atMost ? request.asked : atMost;
  const rules = { version, policies };
  await tx.approve(by, request, { ...planGrant({ by, at, duration, standing: false, account }), rules });
  await tx.breakGlass.use(actorOf(caller), request, { at, duration, rules });
}

/** Nobody has to decide it. */
export const isGivenBy = ({ outcome }: Pick<Routed, 'outcome'>): boolean => outcome.kind === 'persistent' || outcome.kind === 'auto';

/** What policies say of taking it at once, where somebody would have to be gone around. */
export const wayAround = (
  { matches }: Pick<RoutingDeps, 'matches'>,
  { outcome, candidates, facts }: Pick<Routed, 'outcome' | 'candidates' | 'facts'>,
  isPreapproved: boolean,
): BreakGlass => (isPreapproved || isGivenBy({ outcome }) ? { kind: 'closed' } : breakGlassBy(candidates, facts, matches));

/** How long whoever asked may take it at once instead of waiting; undefined: they may not, as far as can be told beforehand. */
export async function mostInstead(
  { routing, store }: { readonly routing: RoutingDeps; readonly store: Pick<Store, 'breakGlass'> },
  request: PermissionRequest,
  routed: Routed,
): Promise<DurationSeconds | undefined> {
  const { state, requestor, principal, reason, extension, org } = request;
  if (state.kind !== 'pending' || requestor.id !== principal.id || reason === undefined || extension !== undefined) return undefined;
  const found = wayAround(routing, routed, false);
  if (found.kind !== 'may' || (await store.breakGlass.owed(org, principal.id)) !== undefined) return undefined;
  return request.asked < found.atMost ? request.asked : found.atMost;
}

export async function reviewBreakGlass(deps: DecideDeps, caller: Caller, id: RequestId, text: string): Promise<Result<PermissionRequest>> {
  const note = parseReason(text);
  if (!note.ok) return note;
  const words = note.value;
  if (words === undefined) return reject({ code: 'invalid-value', field: 'note', why: 'Say what you found.' });
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    const refusal = await whyNotReview(deps.routing, tx, request, await deps.router(tx, request), caller);
    if (refusal !== undefined) return reject(refusal);
    if (request.breakGlass === undefined) return reject({ code: 'nothing-to-review' });
    const { review: done } = request.breakGlass;
    if (done !== undefined) return reject({ code: 'already-reviewed', by: done.by.email });
    await tx.breakGlass.review(actorOf(caller), request, { by: caller.person, at: await tx.now(), note: words });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

/** May this person review what this request gave? No policy lets anybody review their own, and a key is no second person. */
export async function whyNotReview(
  routing: RoutingDeps,
  reads: Reads,
  request: PermissionRequest,
  outcome: Outcome,
  caller: Caller,
): Promise<Rejection | undefined> {
  const { person, keyMakers = [] } = caller;
  if ([person.id, ...keyMakers].some((each) => isSelf(request, each) || request.keyMakers.includes(each))) return { code: 'own-request' };
  if ((await whyNotInRole(routing, reads, caller, ['owner', 'manager'])) === undefined) return undefined;
  return whyNotDecide(routing, reads, request, outcome, caller);
}
