import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { extendedEnd, extensionOf, planExtension, secondsBetween } from '../domain/extension.ts';
import type { RequestId } from '../domain/ids.ts';
import { type RecurringWindow, recurringWindowText, type Span, spanAt } from '../domain/recurring-window.ts';
import { type Voice, weigh } from '../domain/quorum.ts';
import { type Decider, isSameMakers, type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import type { Outcome } from '../domain/route.ts';
import { after, type Instant, instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import { holdsRole } from './authority.ts';
import { whyOnHold } from './panics.ts';
import type { Caller, Integrations } from './ports.ts';
import { judgeDecider, pictureDigest, policiesBy, routeByVersion, type Router, type RoutingDeps } from './routing.ts';
import type { Reads, Store, Transaction } from './store.ts';
import type { Verdict } from './use-cases.ts';

export type DecideDeps = {
  readonly store: Store;
  readonly integrations: Integrations;
  readonly router: Router;
  readonly routing: RoutingDeps;
};

/** How long a target may take to confirm an approved grant; after that it has failed, and whatever may have landed is removed. */
const provisioning = toSeconds({ time: 10, unit: 'm' });

/**
 * Approves or denies. Everything is read again under the request's lock, by the database's clock: state, time left,
 * whether this person may decide by today's policies, and the caps (I2, I6, I7).
 */
export async function decideRequest(deps: DecideDeps, caller: Caller, id: RequestId, verdict: Verdict): Promise<Result<PermissionRequest>> {
  const result = await decide(deps, caller, id, verdict);
  // Whoever is sent back to look at it again must see what is true by now.
  if (!result.ok && result.rejection.code === 'stale-picture') await deps.store.wakeNotice(caller.org, id);
  return result;
}

function decide(deps: DecideDeps, caller: Caller, id: RequestId, verdict: Verdict): Promise<Result<PermissionRequest>> {
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    const { outcome, version } = await routeByVersion(deps.routing, tx, request);
    const now = await tx.now();
    const judged = await judgeVerdict(deps.routing, tx, caller, request, outcome, verdict.kind);
    const refusal = judged.refusal ?? whyNotNow(request, outcome, verdict, now);
    if (refusal !== undefined) return reject(refusal);
    if (verdict.kind === 'approve') {
      const mine: Voice = {
        by: caller.person,
        keyMakers: caller.keyMakers ?? [],
        duration: verdict.duration ?? request.asked,
        paths: judged.paths,
      };
      const refused = await approve(deps, tx, caller, request, { now, mine, version, outcome });
      if (refused !== undefined) return reject(refused);
    } else {
      const rules = { version, policies: policiesBy(judged.paths) };
      await tx.deny(actorOf(caller), request, { by: { kind: 'person', person: caller.person }, at: now, reason: verdict.reason, rules });
    }
    const decided = await tx.request(caller.org, id);
    return decided === undefined ? reject({ code: 'not-found' }) : accept(decided);
  });
}

/** May the caller decide so, whatever state the request is in, and by which ways? */
export async function judgeVerdict(
  routing: RoutingDeps,
  reads: Reads,
  caller: Caller,
  request: PermissionRequest,
  outcome: Outcome,
  kind: Verdict['kind'],
): ReturnType<typeof judgeDecider> {
  const judged = await judgeDecider(routing, reads, request, outcome, caller);
  // Where policies changed so that nobody could approve any more, a security reviewer must still be able to say no.
  const mayStillDeny =
    kind === 'deny' &&
    judged.refusal?.code === 'not-approver' &&
    (await holdsRole(routing, reads, caller.org, 'manager', caller.person.email)) === true;
  return mayStillDeny ? { refusal: undefined, paths: [] } : judged;
}

function whyNotNow(request: PermissionRequest, outcome: Outcome, verdict: Verdict, now: Instant): Rejection | undefined {
  const { state } = request;
  if (state.kind !== 'pending')
    return { code: 'already-decided', status: wireStatus(state), by: 'by' in state ? deciderName(state.by) : undefined };
  if (now >= request.approvableUntil) return { code: 'lapsed' };
  if (verdict.kind === 'approve' && verdict.digest !== undefined && verdict.digest !== pictureDigest(request, outcome))
    return { code: 'stale-picture' };
  return undefined;
}

/** Approves, or where policies want more people than have agreed, puts this yes on record. */
async function approve(
  deps: DecideDeps,
  tx: Transaction,
  caller: Caller,
  request: PermissionRequest,
  { now, mine, version, outcome }: { readonly now: Instant; readonly mine: Voice; readonly version: string; readonly outcome: Outcome },
): Promise<Rejection | undefined> {
  const people = [request.principal.id, request.requestor.id, caller.person.id];
  const held = await whyOnHold(tx, caller.org, people, request.permission);
  if (held !== undefined) return held;
  const agreement = weigh(mine, await earlierVoices(deps, tx, request, outcome, caller));
  const duration = agreement.isEnough ? agreement.duration : mine.duration;
  const maximum = toSeconds((await tx.settings(caller.org)).maxAccess);
  const integration = deps.integrations.byName(request.permission.integration);
  if (integration === undefined) return { code: 'not-configured', what: `The target ${request.permission.integration}` };
  const account = integration.accountOf(request.principal.email);
  if (!account.ok) return account.rejection;
  const by: Decider = { kind: 'person', person: caller.person };
  const rules = { version, policies: agreement.isEnough ? agreement.policies : policiesBy(mine.paths) };
  const plan = await planWithin(tx, request, { by, at: now, duration, standing: false, account: account.value, rules }, maximum);
  if (!plan.ok) return plan.rejection;
  if (!agreement.isEnough) {
    const { by: person, duration: agreed, keyMakers } = mine;
    const isSaidAlready =
      request.endorsements?.some(
        (each) => each.by.id === person.id && each.duration === agreed && isSameMakers(each.keyMakers, keyMakers),
      ) === true;
    if (!isSaidAlready) await tx.endorse(actorOf(caller), request, { by: person, at: now, duration: agreed, keyMakers }, rules);
    return undefined;
  }
  if (!(await tx.claimAccount(caller.org, integration.name, account.value, request.principal.id)))
    return { code: 'account-unusable', account: account.value };
  await tx.approve(actorOf(caller), request, {
    ...plan.value,
    with: agreement.by.filter((voice) => voice !== mine).map((voice) => voice.by),
  });
  return undefined;
}

/** What others agreed to before, as far as they could still agree to it now (I7). */
async function earlierVoices(
  { routing }: DecideDeps,
  tx: Transaction,
  request: PermissionRequest,
  outcome: Outcome,
  { person }: Caller,
): Promise<readonly Voice[]> {
  const voices: Voice[] = [];
  for (const { by, keyMakers, duration } of request.endorsements ?? []) {
    if (by.id === person.id || (await whyOnHold(tx, request.org, [by.id], request.permission)) !== undefined) continue;
    const { paths } = await judgeDecider(routing, tx, request, outcome, { person: by, keyMakers });
    voices.push({ by, keyMakers, duration, paths });
  }
  return voices;
}

type Plan = { readonly lasts: DurationSeconds; readonly provisionUntil: Instant; readonly latestEnd: Instant };

/** Within what is allowed at this moment (I6): to a grant, or to the whole chain that an extension goes on. */
async function planWithin<D extends { at: Instant; duration: DurationSeconds }>(
  tx: Transaction,
  { org, extension }: PermissionRequest,
  decision: D,
  maximum: DurationSeconds,
): Promise<Result<D & Plan>> {
  const { duration, at } = decision;
  if (extension === undefined)
    return duration > maximum ? reject({ code: 'over-maximum', asked: duration, maximum }) : accept(planGrant(decision));
  // Read again after the settings' lock: lowering the maximum may have shortened it.
  const extended = await tx.request(org, extension.of);
  const from = extended === undefined ? reject({ code: 'not-found' }) : extensionOf(extended, at);
  return from.ok ? planExtension(from.value, extendedEnd(from.value, duration), decision, maximum) : from;
}

/** Hours that close sooner are over: giving it takes a moment too. */
const shortestHours = toSeconds({ time: 1, unit: 'm' });

/** As {@link planGrant}, but at `end` it is over, whenever the target confirmed it. */
export function planGrantUntil<D extends { at: Instant; duration: DurationSeconds }>(decision: D, end: Instant | undefined): D & Plan {
  const plan = planGrant(decision);
  if (end === undefined || plan.latestEnd <= end) return plan;
  const { at, duration } = decision;
  const left = secondsBetween(at, end);
  const lasts = left < duration ? left : duration;
  const half = instant(Math.floor((at + end) / 2));
  return { ...plan, duration: lasts, lasts, provisionUntil: half < plan.provisionUntil ? half : plan.provisionUntil, latestEnd: end };
}

/** A grant that waits for its hours is set up when they open, and has failed if it is not there when they close. */
export function firstHours(window: RecurringWindow, at: Instant): { readonly span: Span; readonly provisionUntil: Instant } {
  const now = spanAt(window, at);
  const isTooLate = now !== undefined && now.closesAt < after(at, shortestHours);
  const span = isTooLate ? spanAt(window, now.closesAt) : now;
  if (span === undefined) throw new Error(`hours that never come: ${recurringWindowText(window)}`);
  const latest = after(span.opensAt > at ? span.opensAt : at, provisioning);
  return { span, provisionUntil: latest < span.closesAt ? latest : span.closesAt };
}

/** As {@link planGrant}, for a right that is there in its hours only. */
export function planInHours<D extends { at: Instant; duration: DurationSeconds }>(
  decision: D,
  window: RecurringWindow,
): D & Plan & { readonly hours: { readonly window: RecurringWindow; readonly span: Span } } {
  const { span, provisionUntil } = firstHours(window, decision.at);
  const { duration } = decision;
  return { ...decision, lasts: duration, provisionUntil, latestEnd: after(provisionUntil, duration), hours: { window, span } };
}

/** Who grants, plans the end: the grant can exist until `latestEnd` and no longer, whatever happens at the target. */
export function planGrant<D extends { at: Instant; duration: DurationSeconds }>(decision: D): D & Plan {
  const provisionUntil = after(decision.at, provisioning);
  return { ...decision, lasts: decision.duration, provisionUntil, latestEnd: after(provisionUntil, decision.duration) };
}

const deciderName = (by: Decider): string => (by.kind === 'person' ? by.person.email : by.name);
