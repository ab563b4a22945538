import { type Job as BullJob, UnrecoverableError, Worker, type WorkerOptions } from 'bullmq';
import type { Log } from '../app/ports.ts';
import type { Job } from '../app/ports.ts';
import type { RequestId, RightId } from '../domain/ids.ts';
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

const common = {
  // At once, also after the last failure: while a finished job is kept, its id cannot be added again.
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  // A killed worker's job is taken over after these at the latest; running one twice is harmless.
  lockDuration: 15_000,
  stalledInterval: 5_000,
  settings: { backoffStrategy: retryDelayMs },
} satisfies Partial<WorkerOptions>;

/** @param name of the queue in BullMQ. */
export function startWorker<C>(parts: {
  readonly backend: Backend<C>;
  readonly name: string;
  readonly queue: QueueName;
  readonly handlers: Handlers;
  readonly log: Log;
  readonly onError: (error: Error) => void;
}) {
  const { backend, queue, handlers, log } = parts;
  const options = { ...common, connection: backend.consumer, concurrency: concurrency[queue] };
  const running = new Set<Promise<void>>();
  const worker = new Worker(
    parts.name,
    (job) => {
      const run = work(job, handlers);
      running.add(run);
      return run.finally(() => running.delete(run));
    },
    options,
    backend.factory,
  );
  worker.on('error', parts.onError);
  worker.on('stalled', (id) => log.warn({ job: id, queue }, 'a job was left by its worker and is run again'));
  worker.on('failed', (job, error) => {
    const fields = { job: brief(job?.id), kind: brief(job?.name), queue, attempt: job?.attemptsMade };
    log.error({ ...fields, err: error.cause ?? error }, 'a job failed');
  });
  const cut = () => within(1_000, worker.getBackend().close(true), 'cutting the connections').catch(parts.onError);
  return {
    /** Takes no more jobs, waits for those that run, at most `ms` milliseconds, and closes the connections. */
    async drain(ms: number): Promise<void> {
      // A reconnecting client never says that it was disconnected, and BullMQ would wait for that.
      if (backend.problem() !== undefined) await cut();
      const closed = worker.close();
      await within(ms, Promise.allSettled(running), 'draining').catch((error: unknown) =>
        log.error({ err: error, queue, running: running.size }, 'jobs still run at the end; another worker will repeat them'),
      );
      // BullMQ itself would wait for a job or a server for ever.
      await within(1_000, closed, 'closing').catch(cut);
    },
  };
}

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
