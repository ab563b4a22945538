import type { RequestId } from '../domain/ids.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { actorOf } from './actor.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import { judgeDecider } from './routing.ts';

/**
 * Whoever may approve makes it a request for less, as the integration offers it. It goes on waiting, by the policies that
 * speak about less: they must let this person approve that too, or narrowing would only take it from others.
 */
export async function narrowRequest(deps: DecideDeps, caller: Caller, id: RequestId, to: string): Promise<Result<PermissionRequest>> {
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    if (request.state.kind !== 'pending') return reject({ code: 'already-decided', status: wireStatus(request.state), by: undefined });
    const { permission } = request;
    const less = { ...request, permission: { ...permission, resource: to } };
    for (const each of [request, less]) {
      const { refusal } = await judgeDecider(deps.routing, tx, each, await deps.router(tx, each), caller);
      if (refusal !== undefined) return reject(refusal);
    }
    if ((await tx.now()) >= request.approvableUntil) return reject({ code: 'lapsed' });
    // More time is for the access that there is.
    const offered = request.extension === undefined ? (deps.integrations.byName(permission.integration)?.narrower(permission) ?? []) : [];
    if (!offered.includes(to)) {
      const why = offered.length === 0 ? 'Nothing less is offered for this.' : `Offered: ${offered.join(', ')}.`;
      return reject({ code: 'invalid-value', field: 'resource', why });
    }
    await tx.waiting.narrow(actorOf(caller), request, { to, by: caller.person });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}
