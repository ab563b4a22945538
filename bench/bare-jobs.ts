import { createPostgresBackend, Queue, Worker, type WorkerOptions } from 'bullmq';
import type { Engine } from './engine.ts';

/** Jobs of BullMQ that do nothing, two hundred at once: ms until all are worked off. */
export async function drainBareJobs(redisUrl: string, jobs: number): Promise<number> {
  const connection = { url: redisUrl, maxRetriesPerRequest: null };
  const name = `bare-${Date.now()}`;
  const queue = new Queue(name, { connection });
  let done = 0;
  const all = Promise.withResolvers<void>();
  const worker = new Worker(name, async () => void (++done === jobs && all.resolve()), {
    connection,
    concurrency: 200,
    autorun: false,
    removeOnComplete: { count: 0 },
  });
  try {
    for (let from = 0; from < jobs; from += 1_000)
      await queue.addBulk(Array.from({ length: Math.min(1_000, jobs - from) }, (_, i) => ({ name: 'end', data: { grant: from + i } })));
    await worker.waitUntilReady();
    const started = performance.now();
    const running = worker.run();
    await all.promise;
    const took = performance.now() - started;
    await worker.close();
    await running;
    return took;
  } finally {
    await queue.obliterate({ force: true });
    await queue.close();
  }
}

/** A queue with nothing but delayed jobs that do nothing. What it returns gives one the second in which it is due, and tells by how many ms it ran late. */
export async function openBareAlarm(engine: Pick<Engine, 'url' | 'redisUrl'>, stack: AsyncDisposableStack) {
  const name = `bare-${Date.now()}`;
  let ring: ((atMs: number) => void) | undefined;
  const process = async (): Promise<void> => ring?.(Date.now());
  const options = { removeOnComplete: { count: 0 } };
  const { queue, worker } =
    engine.redisUrl === undefined ? onPostgres(name, process, engine.url, options) : onRedis(name, process, engine.redisUrl, options);
  stack.defer(async () => {
    await worker.close();
    await queue.close();
  });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  return async (epochSecond: number): Promise<number> => {
    const rung = new Promise<number>((resolve) => {
      ring = resolve;
    });
    await queue.add('alarm', {}, { delay: epochSecond * 1000 - Date.now() });
    return (await rung) - epochSecond * 1000;
  };
}

type Process = () => Promise<void>;

function onRedis(name: string, process: Process, url: string, options: Pick<WorkerOptions, 'removeOnComplete'>) {
  const connection = { url, maxRetriesPerRequest: null };
  return { queue: new Queue(name, { connection }), worker: new Worker(name, process, { ...options, connection }) };
}

function onPostgres(name: string, process: Process, connectionString: string, options: Pick<WorkerOptions, 'removeOnComplete'>) {
  const connection = { connectionString };
  return {
    queue: new Queue(name, { connection }, createPostgresBackend),
    worker: new Worker(name, process, { ...options, connection }, createPostgresBackend),
  };
}
