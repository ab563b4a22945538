import type { RequestId } from '../domain/ids.ts';
import { isSelf, type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { inDoubt, type Outcome } from '../domain/route.ts';
import { actorOf } from './actor.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller, OnCallServices } from './ports.ts';
import { usablePaths } from './routing.ts';

/**
 * The requestor does not want to wait: whoever is on call for the services that matching policies name is told, and the
 * approval message is posted once more. Once; asking again changes nothing. Who may approve stays what policies say.
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
    if (request.escalation !== undefined) return accept(request);
    const outcome = await deps.router(tx, request);
    if (outcome.kind === 'unavailable') return reject(inDoubt(outcome));
    const named = onCallServices(request, outcome);
    const [first] = named;
    if (first === undefined) return reject({ code: 'not-escalatable' });
    const services = named.flatMap((each) => pageable(deps, each));
    if (services.length === 0) return reject({ code: 'not-configured', what: whatIsMissing(deps, first) });
    const at = await tx.now();
    if (at >= request.approvableUntil) return reject({ code: 'lapsed' });
    await tx.escalate(actorOf(caller), request, { at, reason, services });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

/** Those of the services that the configuration says how to tell. */
function pageable({ routing }: DecideDeps, { integration, services }: OnCallServices): readonly OnCallServices[] {
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
