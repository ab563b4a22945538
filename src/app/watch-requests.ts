import type { Org, RequestId } from '../domain/ids.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import type { Log } from './ports.ts';
import type { Store } from './store.ts';

/** Tells of everything that is committed; the answer takes the subscription back. */
export type Wakes = { subscribe(wake: () => void): () => void };

export type RequestWatch = {
  /** The request once nobody need wait for it any more; undefined where `signal` came first. */
  until(org: Org, id: RequestId, signal: AbortSignal): Promise<PermissionRequest | undefined>;
};

type Waiter = { readonly org: Org; readonly id: RequestId; readonly settle: (request: PermissionRequest) => void };

/** Wakes that come together are answered by one look. */
const debounceMs = 25;
/** Should a wake get lost, this is what it costs. */
const fallbackMs = 15_000;

/** Undecided, or decided and not given yet: worth waiting. */
export function isSettled(request: PermissionRequest): boolean {
  const status = wireStatus(request.state);
  return status !== 'NEW' && status !== 'APPROVED';
}

/** However many wait, each look is one query, and nothing is asked while nobody waits. */
export function createRequestWatch(store: Pick<Store, 'requests'>, wakes: Wakes | undefined, log: Log): RequestWatch {
  const waiters = new Set<Waiter>();
  let due: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let isSoon = false;

  const look = async () => {
    due = undefined;
    looking = true;
    try {
      await lookAt(store, [...waiters]);
    } catch (error) {
      log.warn({ err: error }, 'waited-for requests could not be read');
    }
    looking = false;
    plan(again ? debounceMs : fallbackMs);
    again = false;
  };
  const plan = (ms: number) => {
    clearTimeout(due);
    due = waiters.size === 0 ? undefined : setTimeout(() => void look(), ms);
    due?.unref();
    isSoon = ms === debounceMs;
  };
  // A second wake does not put the look off; one that comes during a look is answered by another.
  const wake = () => {
    if (looking) again = true;
    else if (due === undefined || !isSoon) plan(debounceMs);
  };
  wakes?.subscribe(wake);

  return {
    until: (org, id, signal) =>
      new Promise((resolve) => {
        const end = (request: PermissionRequest | undefined) => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', leave);
          resolve(request);
        };
        const leave = () => end(undefined);
        const waiter: Waiter = { org, id, settle: end };
        if (signal.aborted) return resolve(undefined);
        signal.addEventListener('abort', leave);
        waiters.add(waiter);
        // What changed before the waiter was here made no sound for it.
        return wake();
      }),
  };
}

async function lookAt(store: Pick<Store, 'requests'>, waiters: readonly Waiter[]): Promise<void> {
  for (const org of new Set(waiters.map((each) => each.org))) {
    const own = waiters.filter((each) => each.org === org);
    const ids = [...new Set(own.map((each) => each.id))];
    const found = new Map((await store.requests(org, { kind: 'among', ids }, ids.length)).map((each) => [each.id, each]));
    for (const waiter of own) {
      const request = found.get(waiter.id);
      if (request !== undefined && isSettled(request)) waiter.settle(request);
    }
  }
}
