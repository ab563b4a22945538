import type { RequestId } from '../domain/ids.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { actorOf } from './actor.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import { judgeDecider } from './routing.ts';
import type { Transaction } from './store.ts';

/**
 * Whoever may approve makes it a request for less, as the integration offers it. It goes on waiting, by the policies that
 * speak about less: they must let this person approve that too, or narrowing would only take it from others.
 */
export async function narrowRequest(deps: DecideDeps, caller: Caller, id: RequestId, to: string): Promise<Result<PermissionRequest>> {
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    const { permission } = request;
    const less = { ...request, permission: { ...permission, resource: to } };
    const whyNotBy = async (each: PermissionRequest) =>
      (await judgeDecider(deps.routing, tx, each, await deps.router(tx, each), caller)).refusal;
    // First: whoever has no say in it learns nothing of it.
    const refusal = (await whyNotBy(request)) ?? (await whyNotNow(tx, request)) ?? whyNotTo(deps, request, to) ?? (await whyNotBy(less));
    if (refusal !== undefined) return reject(refusal);
    await tx.waiting.narrow(actorOf(caller), request, { to, by: caller.person });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

async function whyNotNow(tx: Transaction, { state, approvableUntil }: PermissionRequest): Promise<Rejection | undefined> {
  if (state.kind !== 'pending') return { code: 'already-decided', status: wireStatus(state), by: undefined };
  return (await tx.now()) >= approvableUntil ? { code: 'lapsed' } : undefined;
}

function whyNotTo({ integrations }: DecideDeps, { extension, permission }: PermissionRequest, to: string): Rejection | undefined {
  // More time is for the access that there is.
  const offered = extension === undefined ? (integrations.byName(permission.integration)?.narrower(permission) ?? []) : [];
  if (offered.includes(to)) return undefined;
  const why = offered.length === 0 ? 'Nothing less is offered for this.' : `Offered: ${offered.join(', ')}.`;
  return { code: 'invalid-value', field: 'resource', why };
}
