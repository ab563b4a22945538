import { Queue as BullQueue } from 'bullmq';
import type { Job, Jobs, Log } from '../app/ports.ts';
import { every } from '../every.ts';
import { type Backend, postgresBackend, redisBackend } from './backend.ts';
import { type QueueName, queueNames, queueOf, toEnvelope } from './jobs.ts';
import { type Handlers, startWorker } from './workers.ts';
import { within } from './within.ts';

export type QueueOptions = { readonly kind: 'redis' | 'postgres'; readonly url: string };

export type QueueDeps = {
  readonly log: Log;
  /** Stands before the names of the queues; `curfew` unless said otherwise. Without `:`. */
  readonly name?: string;
  /** Milliseconds since 1970, for the delay of alarms. */
  readonly now?: () => number;
  /** How often it is looked at where the jobs are kept. */
  readonly lookAfterMs?: number;
};

export type QueueStatus = { readonly kind: 'redis' | 'postgres' } & (
  | { readonly reachable: true; readonly waiting: number; readonly delayed: number; readonly active: number }
  | { readonly reachable: false }
);

export type Queue = Jobs & {
  /** Begins to work off jobs in this process. At most once. */
  startWorkers(handlers: Handlers): void;
  /** For health and readiness; answers within about two seconds and never throws. */
  status(): Promise<QueueStatus>;
  /** Takes no more jobs, lets running ones finish for at most ten seconds, closes all connections. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** A person may wait for the answer, and a wake-up that is lost costs little. */
const answerMs = 2_000;
const drainMs = 10_000;
const closeMs = 2_000;
const lookEveryMs = 10_000;
/** Migrations, and another process that is at them. */
const migrateMs = 30_000;

/**
 * Opens the queues. A Redis that does not answer is logged and connected to later, because nothing depends on it but
 * punctuality; a database that does not answer is an error.
 *
 * `wake` of the result rejects within about two seconds where the jobs were not, or may not have been, added.
 */
export function openQueue(options: QueueOptions, deps: QueueDeps): Promise<Queue> {
  const onError = logSparingly(deps.log);
  return options.kind === 'redis'
    ? open(redisBackend(options.url, deps.log, onError), deps, onError)
    : open(postgresBackend(options.url, deps.log), deps, onError);
}

async function open<C>(
  backend: Backend<C>,
  { log, name = 'curfew', now = Date.now, lookAfterMs = lookEveryMs }: QueueDeps,
  onError: (error: Error) => void,
): Promise<Queue> {
  const fullName = (queue: QueueName) => `${name}-${queue}`;
  await backend.prepare();
  const producers = await openProducers(backend, fullName, { log, onError, now });
  let workers: readonly ReturnType<typeof startWorker>[] = [];
  const looking = every(lookAfterMs, () => backend.lookAfter().catch(onError));
  return {
    wake: (jobs) => within(answerMs, producers.add(jobs), 'waking the workers'),
    startWorkers(handlers) {
      if (workers.length > 0) throw new Error('the workers run already');
      workers = queueNames.map((queue) => startWorker({ backend, name: fullName(queue), queue, handlers, log, onError }));
    },
    async status() {
      try {
        return { kind: backend.kind, reachable: true, ...(await within(answerMs, producers.count(), 'counting jobs')) };
      } catch (error) {
        log.warn({ err: error }, 'the queue cannot be reached');
        return { kind: backend.kind, reachable: false };
      }
    },
    async [Symbol.asyncDispose]() {
      await looking[Symbol.asyncDispose]();
      // What still runs may want to set an alarm, so adding ends last.
      await Promise.all(workers.map((worker) => worker.drain(drainMs)));
      await producers.close();
    },
  };
}

async function openProducers<C>(
  backend: Backend<C>,
  fullName: (queue: QueueName) => string,
  { log, onError, now }: Required<Pick<QueueDeps, 'log' | 'now'>> & { readonly onError: (error: Error) => void },
) {
  const openOne = (queue: QueueName) =>
    new BullQueue(fullName(queue), { connection: backend.producer }, backend.factory).on('error', onError);
  const queues = { expiry: openOne('expiry'), work: openOne('work'), messages: openOne('messages') };
  const all = Object.values(queues);
  let closed = false;
  const assertOpen = () => {
    const problem = closed ? 'the queue is closed' : backend.problem();
    if (problem !== undefined) throw new Error(problem);
  };
  const close = async () => {
    closed = true;
    await within(closeMs, Promise.all(all.map((queue) => queue.close())), 'closing the queues').catch(onError);
    backend.close();
  };
  try {
    await ready(backend, Promise.all(all.map((queue) => queue.waitUntilReady())), log);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    close,
    async add(jobs: readonly Job[]): Promise<void> {
      assertOpen();
      const byQueue = Map.groupBy(jobs, queueOf);
      await Promise.all([...byQueue].map(([queue, each]) => queues[queue].addBulk(each.map((job) => toEnvelope(job, now())))));
    },
    async count() {
      assertOpen();
      const counts = await Promise.all(all.map((queue) => queue.getJobCounts('waiting', 'delayed', 'active')));
      const sum = (state: string) => counts.reduce((total, each) => total + (each[state] ?? 0), 0);
      return { waiting: sum('waiting'), delayed: sum('delayed'), active: sum('active') };
    },
  };
}

async function ready<C>(backend: Backend<C>, connected: Promise<unknown>, log: Log): Promise<void> {
  if (backend.kind === 'postgres') {
    await within(migrateMs, connected, 'preparing the queue');
    return;
  }
  await within(answerMs, connected, 'connecting to Redis').catch((error: unknown) =>
    log.error({ err: error }, 'Redis does not answer; until it does, only the sweep works'),
  );
}

/** All queues and every worker report the same broken connection, again and again: a line in ten seconds says as much. */
function logSparingly(log: Log): (error: Error) => void {
  let last = { message: '', atMs: 0 };
  return (error) => {
    const atMs = performance.now();
    if (error.message === last.message && atMs - last.atMs < 10_000) return;
    last = { message: error.message, atMs };
    log.warn({ err: error }, 'the queue has a problem');
  };
}
