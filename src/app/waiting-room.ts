import type { Log } from './ports.ts';

/** What was committed: outbox lines, or seals of the audit chain. */
export type News = 'outbox' | 'sealed';

/** Tells of everything that is committed, and of which of the two where that is known; the answer takes the subscription back. */
export type Wakes = { subscribe(wake: (news?: News) => void): () => void };

/** Somebody who waits for an answer about `key`. */
export type Waiter<Key, Answer> = { readonly key: Key; readonly settle: (answer: Answer) => void };

export type WaitingRoom<Key, Answer> = {
  /** The answer once a look has settled it; undefined where `signal` came first. */
  wait(key: Key, signal: AbortSignal): Promise<Answer | undefined>;
  /** Something may have changed. */
  wake(): void;
};

/** Wakes that come together are answered by one look. */
const debounceMs = 25;
/** Should a wake get lost, this is what it costs. */
const fallbackMs = 15_000;

/**
 * Where any number wait for something in the database. `look` is called for all of them together, one look at a time,
 * after each wake and now and then without one; nothing is asked while nobody waits.
 */
export function createWaitingRoom<Key, Answer>(
  look: (waiting: readonly Waiter<Key, Answer>[]) => Promise<void>,
  log: Log,
): WaitingRoom<Key, Answer> {
  const waiters = new Set<Waiter<Key, Answer>>();
  let due: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let isSoon = false;

  const lookAround = async () => {
    due = undefined;
    looking = true;
    try {
      await look([...waiters]);
    } catch (error) {
      log.warn({ err: error }, 'what is waited for could not be read');
    }
    looking = false;
    plan(again ? debounceMs : fallbackMs);
    again = false;
  };
  const plan = (ms: number) => {
    clearTimeout(due);
    due = waiters.size === 0 ? undefined : setTimeout(() => void lookAround(), ms);
    due?.unref();
    isSoon = ms === debounceMs;
  };
  // A second wake does not put the look off; one that comes during a look is answered by another.
  const wake = () => {
    if (looking) again = true;
    else if (due === undefined || !isSoon) plan(debounceMs);
  };

  return {
    wake,
    wait: (key, signal) =>
      new Promise((resolve) => {
        const end = (answer: Answer | undefined) => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', leave);
          resolve(answer);
        };
        const leave = () => end(undefined);
        const waiter: Waiter<Key, Answer> = { key, settle: end };
        if (signal.aborted) return resolve(undefined);
        signal.addEventListener('abort', leave);
        waiters.add(waiter);
        // What changed before the waiter was here made no sound for it.
        return wake();
      }),
  };
}
