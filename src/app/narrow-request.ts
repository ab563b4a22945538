import type { RequestId } from '../domain/ids.ts';
import { besideIdKey } from '../domain/option-key.ts';
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
 * @param wanted a resource that is offered, or its {@link besideIdKey}
 */
export async function narrowRequest(deps: DecideDeps, caller: Caller, id: RequestId, wanted: string): Promise<Result<PermissionRequest>> {
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    const { permission } = request;
    const offered = offeredBy(deps, request);
    const to = offered.find((each) => each === wanted) ?? offered.find((each) => besideIdKey(each) === wanted) ?? wanted;
    const less = { ...request, permission: { ...permission, resource: to } };
    const whyNotBy = async (each: PermissionRequest) =>
      (await judgeDecider(deps.routing, tx, each, await deps.router(tx, each), caller)).refusal;
    // First: whoever has no say in it learns nothing of it.
    const refusal = (await whyNotBy(request)) ?? (await whyNotNow(tx, request)) ?? whyNotTo(offered, to) ?? (await whyNotBy(less));
    if (refusal !== undefined) return reject(refusal);
    await tx.waiting.narrow(actorOf(caller), request, { to, by: caller.person });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

async function whyNotNow(tx: Transaction, { state, approvableUntil }: PermissionRequest): Promise<Rejection | undefined> {
  if (state.kind !== 'pending') return { code: 'already-decided', status: wireStatus(state), by: undefined };
  return (await tx.now()) >= approvableUntil ? { code: 'lapsed' } : undefined;
}

/** Nothing for an extension: more time is for the access that there is. */
const offeredBy = ({ integrations }: DecideDeps, { extension, permission }: PermissionRequest): readonly string[] =>
  extension === undefined ? (integrations.byName(permission.integration)?.narrower(permission) ?? []) : [];

function whyNotTo(offered: readonly string[], to: string): Rejection | undefined {
  if (offered.includes(to)) return undefined;
  const why = offered.length === 0 ? 'Nothing less is offered for this.' : `Offered: ${offered.join(', ')}.`;
  return { code: 'invalid-value', field: 'resource', why };
}
