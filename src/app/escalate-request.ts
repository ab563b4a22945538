import type { DurationSeconds } from '../domain/duration.ts';
import type { RequestId } from '../domain/ids.ts';
import { groupsLeft, oneStep } from '../domain/next-groups.ts';
import { isSelf, type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { inDoubt, type Outcome } from '../domain/route.ts';
import { after, type Instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller, OnCallServices } from './ports.ts';
import { type RoutingDeps, usablePaths } from './routing.ts';
import type { Actor, Transaction } from './store.ts';

/**
 * The requestor does not want to wait: whoever is on call for the services that matching policies name is told, once, and
 * the next group that they name is asked before its time. Where nobody is left, or somebody was asked just now, nothing changes.
 */
export async function escalateRequest(
  deps: DecideDeps,
  caller: Caller,
  id: RequestId,
  reason: string | undefined,
): Promise<Result<PermissionRequest>> {
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    if (!isSelf(request, caller.person.id)) return reject({ code: 'not-yours' });
    if (request.state.kind !== 'pending') return reject({ code: 'already-decided', status: wireStatus(request.state), by: undefined });
    const outcome = await deps.router(tx, request);
    if (outcome.kind === 'unavailable') return reject(inDoubt(outcome));
    const whom = whomToEscalateTo(deps.routing, request, outcome);
    if (whom === undefined) return nobodyLeft(deps, request, outcome);
    const at = await tx.now();
    if (at >= request.approvableUntil) return reject({ code: 'lapsed' });
    await takeStep(tx, actorOf(caller), request, { at, reason, ...whom });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

/** Whom one press would ask now; undefined where nobody is left. */
export function whomToEscalateTo(routing: RoutingDeps, request: PermissionRequest, outcome: Outcome): Escalatable | undefined {
  const services = request.escalation === undefined ? pageableServices(routing, request, outcome) : [];
  const next = groupsLeft(request, usablePaths(request, outcome));
  return services.length === 0 && next === undefined ? undefined : { services, next };
}

type Escalatable = { readonly services: readonly OnCallServices[]; readonly next: ReturnType<typeof groupsLeft> };
type Step = Escalatable & { readonly at: Instant; readonly reason: string | undefined };

async function takeStep(tx: Transaction, actor: Actor, request: PermissionRequest, { at, reason, services, next }: Step): Promise<void> {
  const asked = request.groupsAsked;
  const isRepeat = asked !== undefined && at < after(asked.at, oneStep);
  if (services.length > 0) await tx.waiting.escalate(actor, request, { at, reason, services });
  if (next === undefined || isRepeat) return;
  // Said once, where it is told that somebody is on call.
  await tx.waiting.askGroups(actor, request, {
    at,
    count: next.count,
    groups: next.groups,
    reason: services.length > 0 ? undefined : reason,
  });
}

function nobodyLeft(deps: DecideDeps, request: PermissionRequest, outcome: Outcome): Result<PermissionRequest> {
  if (request.escalation !== undefined || request.groupsAsked !== undefined) return accept(request);
  const [first] = onCallServices(request, outcome);
  return reject(first === undefined ? { code: 'not-escalatable' } : { code: 'not-configured', what: whatIsMissing(deps, first) });
}

type TimeDeps = Pick<DecideDeps, 'store' | 'router' | 'routing'> & { readonly escalateAfter?: DurationSeconds | undefined };

/** When whoever is on call is asked although nobody wanted it; undefined: never, or it is done. */
export const escalationTime = ({ createdAt, escalation }: PermissionRequest, wait: DurationSeconds | undefined): Instant | undefined =>
  wait === undefined || escalation !== undefined ? undefined : after(createdAt, wait);

/** Nobody decided in the time that is allowed for it: whoever is on call is asked, as if the requestor had wanted it. */
export async function escalateByTime(deps: TimeDeps, seen: PermissionRequest | undefined): Promise<PermissionRequest | undefined> {
  const due = seen === undefined ? undefined : escalationTime(seen, deps.escalateAfter);
  if (seen === undefined || due === undefined || seen.state.kind !== 'pending' || (await deps.store.now()) < due) return seen;
  const { org, id } = seen;
  await deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(org, id);
    const at = await tx.now();
    if (request?.state.kind !== 'pending' || request.escalation !== undefined || at >= request.approvableUntil) return;
    const services = pageableServices(deps.routing, request, await deps.router(tx, request));
    // Where nobody can be told, there is nothing to escalate to.
    if (services.length > 0) await tx.waiting.escalate({ kind: 'system' }, request, { at, reason: undefined, services });
  });
  return deps.store.request(org, id);
}

/** Those on call for this request whom the configuration says how to tell. */
const pageableServices = (routing: RoutingDeps, request: PermissionRequest, outcome: Outcome): readonly OnCallServices[] =>
  onCallServices(request, outcome).flatMap((each) => pageable(routing, each));

function pageable(routing: RoutingDeps, { integration, services }: OnCallServices): readonly OnCallServices[] {
  const onCall = routing.onCalls(integration);
  const told = services.filter((service) => onCall?.canPage(service) === true);
  return told.length === 0 ? [] : [{ integration, services: told }];
}

const whatIsMissing = ({ routing }: DecideDeps, { integration, services }: OnCallServices): string =>
  routing.onCalls(integration) === undefined
    ? `The on-call integration ${integration}`
    : `The routing key of the ${integration} service ${services[0] ?? ''}`;

/** Whose on-call members may approve this request, an entry per integration. */
export function onCallServices(request: PermissionRequest, outcome: Outcome): readonly OnCallServices[] {
  const named = usablePaths(request, outcome).flatMap(({ approvers }) => (approvers.kind === 'on-call' ? [approvers] : []));
  return [...Map.groupBy(named, ({ integration }) => integration)].map(([integration, each]) => ({
    integration,
    services: [...new Set(each.flatMap(({ services }) => services))],
  }));
}
