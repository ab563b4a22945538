import { randomUUID } from 'node:crypto';
import { Queue as BullQueue, createPostgresBackend, createRedisBackend } from 'bullmq';
import type { Log } from '../../src/app/ports.ts';
import type { Job } from '../../src/app/ports.ts';
import { parseRequestId, parseRightId } from '../../src/domain/ids.ts';
import type { QueueOptions } from '../../src/queue/open-queue.ts';
import type { Handlers } from '../../src/queue/workers.ts';
import { testDatabase } from './postgres.ts';
import { testRedis } from './redis.ts';

type Raw = Pick<BullQueue, 'add' | 'obliterate' | 'close' | 'getJobCounts' | 'getJobs'>;
/** Where a queue can live, and what else can be done there. */
export type Place = {
  readonly options: QueueOptions;
  /** The queue behind our back. */
  raw(name: string): Raw;
  loseEverything(name: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function onRedis(): Promise<Place> {
  const redis = await testRedis(15);
  const connection = { url: redis.url };
  return {
    options: { kind: 'redis', url: redis.url },
    raw: (name) => new BullQueue(name, { connection }, createRedisBackend),
    loseEverything: () => redis.loseEverything(),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

export async function onPostgres(): Promise<Place> {
  const database = await testDatabase();
  const raw = (name: string): Raw => new BullQueue(name, { connection: { connectionString: database.url, max: 1 } }, createPostgresBackend);
  return {
    options: { kind: 'postgres', url: database.url },
    raw,
    async loseEverything(name) {
      for (const queue of [`${name}-expiry`, `${name}-work`]) {
        const bull = raw(queue);
        await bull.obliterate({ force: true });
        await bull.close();
      }
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('the test made a bad id');
  return value;
};
export const look = (): Job & { kind: 'look' } => ({ kind: 'look', rightId: must(parseRightId(randomUUID())) });
export const notify = (): Job & { kind: 'notify' } => ({
  kind: 'notify',
  requestId: must(parseRequestId(randomUUID())),
  outboxId: String(Date.now()),
});

/** Handlers that only take note, and a log that does. */
export function recorder() {
  const lines: { level: string; fields: object; message: string }[] = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Log = { info: line('info'), warn: line('warn'), error: line('error') };
  const ran: { kind: string; what: unknown; at: number }[] = [];
  const record = (kind: string) => async (what: unknown) => void ran.push({ kind, what, at: Date.now() });
  const handlers: Handlers = { due: record('due'), look: record('look'), notify: record('notify'), home: record('home') };
  return { lines, log, ran, handlers };
}
