import type { Org, RequestId } from '../domain/ids.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import type { Log } from './ports.ts';
import type { Store } from './store.ts';
import { createWaitingRoom, type Waiter, type Wakes } from './waiting-room.ts';

export type RequestWatch = {
  /** The request once nobody need wait for it any more; undefined where `signal` came first. */
  until(org: Org, id: RequestId, signal: AbortSignal): Promise<PermissionRequest | undefined>;
};

type Waiting = Waiter<{ readonly org: Org; readonly id: RequestId }, PermissionRequest>;

/**
 * Nothing is on its way any more: not a decision, not the giving. Nor the taking away: it may have begun before anything
 * was given, and whoever waits must not be told then that the access is there.
 */
export function isSettled({ state }: PermissionRequest): boolean {
  const status = wireStatus(state);
  return status !== 'NEW' && status !== 'APPROVED' && !(state.kind === 'approved' && state.grant.state.kind === 'ending');
}

/** However many wait, each look is one query, and nothing is asked while nobody waits. */
export function createRequestWatch(store: Pick<Store, 'requests'>, wakes: Wakes | undefined, log: Log): RequestWatch {
  const room = createWaitingRoom((waiting: readonly Waiting[]) => lookAt(store, waiting), log);
  wakes?.subscribe((news) => (news === 'sealed' ? undefined : room.wake()));
  return { until: (org, id, signal) => room.wait({ org, id }, signal) };
}

async function lookAt(store: Pick<Store, 'requests'>, waiting: readonly Waiting[]): Promise<void> {
  for (const org of new Set(waiting.map((each) => each.key.org))) {
    const own = waiting.filter((each) => each.key.org === org);
    const ids = [...new Set(own.map((each) => each.key.id))];
    const found = new Map((await store.requests(org, { kind: 'among', ids }, ids.length)).map((each) => [each.id, each]));
    for (const waiter of own) {
      const request = found.get(waiter.key.id);
      if (request !== undefined && isSettled(request)) waiter.settle(request);
    }
  }
}
