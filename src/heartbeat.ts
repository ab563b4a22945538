import type { Log } from './app/ports.ts';
import type { Work } from './app/use-cases.ts';

/** How long what is due waits for the sweep at most, where nothing else wakes a worker (I1). */
export const removalSweepMs = 5_000;

/**
 * How often each part is done without being asked, and how many turns of it may be under way: a part that hangs must not
 * pile up, and must not stop the others. With this alone, and no queue at all, everything still happens.
 */
const parts = {
  take: { everyMs: removalSweepMs, atOnce: 3 },
  give: { everyMs: 5_000, atOnce: 1 },
  handOver: { everyMs: 5_000, atOnce: 3 },
  panic: { everyMs: 1_000, atOnce: 1 },
  turnHours: { everyMs: 5_000, atOnce: 1 },
  lapse: { everyMs: 5_000, atOnce: 1 },
  remind: { everyMs: 5_000, atOnce: 1 },
  deliver: { everyMs: 5_000, atOnce: 1 },
  homes: { everyMs: 1_000, atOnce: 1 },
  tellLinked: { everyMs: 1_000, atOnce: 1 },
  endSteps: { everyMs: 1_000, atOnce: 1 },
  arm: { everyMs: 60_000, atOnce: 1 },
  watchDrift: { everyMs: 5_000, atOnce: 1 },
  findOrphans: { everyMs: 5_000, atOnce: 1 },
  tellDrift: { everyMs: 5_000, atOnce: 1 },
  relay: { everyMs: 1_000, atOnce: 1 },
  seal: { everyMs: 1_000, atOnce: 1 },
  // Each turn makes one call at a time, so that a few receivers that do not answer keep nobody else waiting.
  callWebhooks: { everyMs: 1_000, atOnce: 8 },
  forget: { everyMs: 60_000, atOnce: 1 },
} as const satisfies Partial<Record<keyof Work, { everyMs: number; atOnce: number }>>;
type Part = keyof typeof parts;
const names = [
  'take',
  'give',
  'handOver',
  'panic',
  'turnHours',
  'lapse',
  'remind',
  'deliver',
  'homes',
  'tellLinked',
  'endSteps',
  'arm',
  'watchDrift',
  'findOrphans',
  'tellDrift',
  'relay',
  'seal',
  'callWebhooks',
  'forget',
] as const satisfies readonly Part[];

/**
 * After it was woken to seal: what is written within it shares the next seal. Each costs a dozen statements however little it seals, and
 * with one for each event they were a fifth of all.
 */
const sealRestMs = 100;

/** Does each part now, and then by the clock. `wake` relays the outbox at once, and seals the audit log at once or soon. */
export function startHeartbeat(work: Pick<Work, Part>, log: Log): { wake(): void } & AsyncDisposable {
  const running: Record<Part, Set<Promise<void>>> = {
    take: new Set(),
    give: new Set(),
    handOver: new Set(),
    panic: new Set(),
    turnHours: new Set(),
    lapse: new Set(),
    remind: new Set(),
    deliver: new Set(),
    homes: new Set(),
    tellLinked: new Set(),
    endSteps: new Set(),
    arm: new Set(),
    watchDrift: new Set(),
    findOrphans: new Set(),
    tellDrift: new Set(),
    relay: new Set(),
    seal: new Set(),
    callWebhooks: new Set(),
    forget: new Set(),
  };
  const missed = new Set<Part>();
  const run = (part: Part): void => {
    const turns = running[part];
    if (turns.size >= parts[part].atOnce) {
      missed.add(part);
      return;
    }
    missed.delete(part);
    const turn: Promise<void> = work[part]()
      .then(() => undefined)
      .catch((error: unknown) => log.error({ err: error, part }, 'a part of the sweep failed; it comes again'))
      .finally(() => {
        turns.delete(turn);
        // A wake-up that came while the outbox was being read may be about a line that was not there yet.
        if ((part === 'relay' || part === 'seal') && missed.has(part)) run(part);
      });
    turns.add(turn);
  };
  let resting: NodeJS.Timeout | undefined;
  let isSealWanted = false;
  const seal = (): void => {
    isSealWanted = resting !== undefined;
    if (isSealWanted) return;
    resting = setTimeout(() => {
      resting = undefined;
      if (isSealWanted) seal();
    }, sealRestMs);
    run('seal');
  };
  const timers = names.map((part) => setInterval(() => run(part), parts[part].everyMs));
  names.forEach(run);
  return {
    wake() {
      run('relay');
      seal();
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      clearTimeout(resting);
      missed.clear();
      if (isSealWanted) run('seal');
      await Promise.all(names.flatMap((part) => [...running[part]]));
    },
  };
}
