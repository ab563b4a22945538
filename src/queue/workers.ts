import { setTimeout as sleep } from 'node:timers/promises';
import { type Job as BullJob, UnrecoverableError, Worker, type WorkerOptions } from 'bullmq';
import type { Log } from '../app/ports.ts';
import type { Job } from '../app/ports.ts';
import type { RequestId, RightId } from '../domain/ids.ts';
import { atEase } from './at-ease.ts';
import type { Backend } from './backend.ts';
import { parseJob, type QueueName, retryDelayMs } from './jobs.ts';
import { within } from './within.ts';

/** What is done for each kind of job. All may be called at any time and any number of times; they re-read everything. */
export type Handlers = {
  due(epochSecond: number): Promise<unknown>;
  look(rightId: RightId): Promise<unknown>;
  notify(requestId: RequestId): Promise<unknown>;
  home(account: string): Promise<unknown>;
};

/** A due second is one batched pass over everything due; a few at a time, so that one that waits for a slow target delays no other. */
const concurrency: Readonly<Record<QueueName, number>> = { expiry: 4, work: 8, messages: 8 };

/** Where the database was away at the start. */
const startAgainMs = 2_000;

const common = {
  // At once, also after the last failure: while a finished job is kept, its id cannot be added again.
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  // A killed worker's job is taken over after these at the latest; running one twice is harmless.
  lockDuration: 15_000,
  stalledInterval: 5_000,
  // After a fault of the server; meanwhile alarms do not ring.
  runRetryDelay: 2_000,
  settings: { backoffStrategy: retryDelayMs },
} satisfies Partial<WorkerOptions>;

type Parts<C> = {
  readonly backend: Backend<C>;
  readonly name: string;
  readonly queue: QueueName;
  readonly handlers: Handlers;
  readonly log: Log;
  readonly onError: (error: Error) => void;
};

/** @param parts  `name` is that of the queue in BullMQ. */
export function startWorker<C>(parts: Parts<C>) {
  const { backend, queue, log } = parts;
  const running = new Set<Promise<void>>();
  const stopped = new AbortController();
  let worker = createWorker(parts, running);
  const starting = (async () => {
    while (!stopped.signal.aborted) {
      // BullMQ never gets over a database that was away when it connected first, and must not even be left trying.
      if (await isReady(worker, parts.onError)) return void worker.run().catch(parts.onError);
      await sleep(startAgainMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) return;
      await cut(worker, parts.onError);
      worker = createWorker(parts, running);
    }
  })();
  return {
    /** Takes no more jobs, waits for those that run, at most `ms` milliseconds, and closes the connections. */
    async drain(ms: number): Promise<void> {
      stopped.abort();
      // A reconnecting client never says that it was disconnected, and BullMQ would wait for that.
      if (backend.problem() !== undefined) await cut(worker, parts.onError);
      const closed = worker.close();
      await within(ms, Promise.allSettled(running), 'draining').catch((error: unknown) =>
        log.error({ err: error, queue, running: running.size }, 'jobs still run at the end; another worker will repeat them'),
      );
      // BullMQ itself would wait for a job or a server for ever.
      await within(1_000, Promise.all([closed, starting]), 'closing').catch(() => cut(worker, parts.onError));
    },
  };
}

function createWorker<C>({ backend, name, queue, handlers, log, onError }: Parts<C>, running: Set<Promise<void>>) {
  const options = { ...common, autorun: false, connection: backend.consumer, concurrency: concurrency[queue] };
  const perform = (job: BullJob): Promise<void> => {
    const run = work(job, handlers);
    running.add(run);
    return run.finally(() => running.delete(run));
  };
  const factory = atEase(backend.factory);
  const worker = new Worker(name, perform, options, factory);
  worker.on('error', onError);
  worker.on('stalled', (id) => log.warn({ job: id, queue }, 'a job was left by its worker and is run again'));
  worker.on('failed', (job, error) => {
    const fields = { job: brief(job?.id), kind: brief(job?.name), queue, attempt: job?.attemptsMade };
    log.error({ ...fields, err: error.cause ?? error }, 'a job failed');
  });
  return worker;
}

type Connected = { getBackend(): { close(force?: boolean): Promise<unknown> }; waitUntilReady(): Promise<unknown> };

const cut = (worker: Connected, onError: (error: Error) => void) =>
  within(1_000, worker.getBackend().close(true), 'cutting the connections').catch(onError);

const isReady = (worker: Connected, onError: (error: Error) => void): Promise<boolean> =>
  worker.waitUntilReady().then(
    () => true,
    (error: Error) => {
      onError(error);
      return false;
    },
  );

async function work(job: BullJob<unknown>, handlers: Handlers): Promise<void> {
  const parsed = parseJob(job.data);
  // Forged, or of a version that we do not know. What it would have woken is in the database, where the sweep finds it.
  if (parsed === undefined) throw new UnrecoverableError('not a job of ours');
  try {
    await handle(parsed, handlers);
  } catch (error) {
    // BullMQ stores message and stack of what is thrown: a target's words must not get there (I13). The log has the cause.
    throw new Error(`${parsed.kind} failed`, { cause: error });
  }
}

function handle(job: Job, handlers: Handlers): Promise<unknown> {
  switch (job.kind) {
    case 'due':
      return handlers.due(job.epochSecond);
    case 'look':
      return handlers.look(job.rightId);
    case 'notify':
      return handlers.notify(job.requestId);
    case 'home':
      return handlers.home(job.account);
  }
}

/** A forged job may carry a whole book as its name. */
const brief = (text: string | undefined): string | undefined => text?.slice(0, 80);
