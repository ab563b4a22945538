import { extensionOf } from '../domain/extension.ts';
import type { Org, RequestId } from '../domain/ids.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { Instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import type { Caller, Log } from './ports.ts';
import type { Store, Transaction } from './store.ts';

/** The others wait for the next turn. */
const lapsesAtOnce = 200;

/** The requestor takes a request back that nobody has decided. */
export async function cancelRequest(store: Store, caller: Caller, id: RequestId): Promise<Result<PermissionRequest>> {
  return store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    if (request.requestor.id !== caller.person.id) return reject({ code: 'not-yours' });
    if (request.state.kind !== 'pending') return reject({ code: 'already-decided', status: wireStatus(request.state), by: undefined });
    await tx.close(actorOf(caller), request, 'cancelled', await tx.now());
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

/** Closes requests that nobody answered in time. */
export async function lapseRequests(store: Store, log: Log): Promise<void> {
  for (const { org, id } of await store.lapsing(lapsesAtOnce)) {
    // One that cannot be closed must not keep the others open.
    await lapse(store, org, id).catch((error: unknown) => log.error({ err: error, request: id }, 'a request could not be closed'));
  }
}

async function lapse(store: Store, org: Org, id: RequestId): Promise<void> {
  await store.transaction(async (tx) => {
    const request = await tx.lockRequest(org, id);
    const now = await tx.now();
    if (request?.state.kind !== 'pending') return;
    if (now < request.approvableUntil && !(await hasNothingToExtend(tx, request, now))) return;
    await tx.close({ kind: 'system' }, request, 'lapsed', now);
  });
}

async function hasNothingToExtend(tx: Transaction, { org, extension }: PermissionRequest, now: Instant): Promise<boolean> {
  if (extension === undefined) return false;
  const extended = await tx.request(org, extension.of);
  return extended === undefined || !extensionOf(extended, now).ok;
}
