import type { Log } from './app/ports.ts';

const sweepEveryMs = 5_000;
const relayEveryMs = 1_000;
/** A target that hangs must not stop the sweep for the others, nor may sweeps pile up behind it. */
const sweepsAtOnce = 3;

/** What makes a worker go on without any queue: a sweep and a look into the outbox, by the clock. */
export function startHeartbeat(work: { sweep(): Promise<void>; relay(): Promise<void> }, log: Log): { wake(): void } & AsyncDisposable {
  const running = new Set<Promise<void>>();
  const run = (what: string, act: () => Promise<void>): Promise<void> => {
    const turn: Promise<void> = act()
      .catch((error: unknown) => log.error({ err: error }, `${what} failed; it comes again`))
      .finally(() => running.delete(turn));
    running.add(turn);
    return turn;
  };

  let sweeps = 0;
  const sweep = () => {
    if (sweeps >= sweepsAtOnce) return;
    sweeps++;
    void run('the sweep', () => work.sweep()).finally(() => sweeps--);
  };

  let relaying = false;
  let again = false;
  const relay = async (): Promise<void> => {
    again = true;
    if (relaying) return;
    relaying = true;
    while (again) {
      again = false;
      await run('the outbox relay', () => work.relay());
    }
    relaying = false;
  };
  const wake = () => void relay();

  const timers = [setInterval(sweep, sweepEveryMs), setInterval(wake, relayEveryMs)];
  sweep();
  return {
    wake,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      again = false;
      await Promise.allSettled(running);
    },
  };
}
