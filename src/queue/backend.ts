import {
  type BackendFactory,
  type ConnectionOptions,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  type PostgresConnectionOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import type { Log } from '../app/ports.ts';

/** What differs between BullMQ on Redis and BullMQ on PostgreSQL. `C` is how that backend is told where to connect. */
export type Backend<C> = {
  readonly kind: 'redis' | 'postgres';
  readonly factory: BackendFactory<IQueueBackend, C>;
  /** For adding jobs: gives up soon, because a person may be waiting. */
  readonly producer: C;
  /** For workers: never gives up. */
  readonly consumer: C;
  /** Why nothing can be added at this moment, as far as that is known without asking. */
  problem(): string | undefined;
  close(): void;
};

const connectTimeoutMs = 2_000;
const reconnectAfterMs = (times: number): number => Math.min(times * 200, 2_000);

/** @param url `redis://` or `rediss://`, with user, password and database number as needed. */
export function redisBackend(url: string, log: Log, onError: (error: Error) => void): Backend<ConnectionOptions> {
  const consumer = { url, maxRetriesPerRequest: null, retryStrategy: reconnectAfterMs, connectTimeout: connectTimeoutMs };
  // One connection for both queues, and our own so that its state is known: BullMQ would let every add wait for Redis.
  const producer = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: reconnectAfterMs,
    connectTimeout: connectTimeoutMs,
    // A Redis that went silent counts as gone; else commands would heap up behind it.
    socketTimeout: connectTimeoutMs,
  });
  producer.on('error', onError);
  producer.on('ready', () => {
    warnOfEviction(producer, log).catch((error: unknown) => log.warn({ err: error }, 'the memory policy of Redis could not be read'));
  });
  return {
    kind: 'redis',
    factory: createRedisBackend,
    producer,
    consumer,
    problem: () => (producer.status === 'ready' ? undefined : `Redis is not connected (${producer.status})`),
    close: () => producer.disconnect(),
  };
}

/** `INFO` and not `CONFIG GET`: hosted Redis servers seldom allow the latter. */
async function warnOfEviction(redis: Redis, log: Log): Promise<void> {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  log.error({ policy }, 'REDIS MAY THROW JOBS AWAY: set its maxmemory-policy to noeviction. Until then only the sweep is reliable');
}

/** @param url of the database; BullMQ keeps its tables there in a schema of its own, `bullmq`. */
export function postgresBackend(url: string): Backend<PostgresConnectionOptions> {
  const pool = { connectionString: url, connectionTimeoutMillis: connectTimeoutMs };
  return {
    kind: 'postgres',
    factory: createPostgresBackend,
    // BullMQ migrates under an advisory lock in one transaction, so any number of processes may start together.
    producer: { ...pool, max: 2, migrate: true },
    consumer: { ...pool, max: 3 },
    problem: () => undefined, // the pool finds out, and within its connection time-out
    close() {},
  };
}
