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
import { createPolicyWatch } from './memory-policy.ts';
import { createSchemaWatch } from './mend-schema.ts';

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
  /** Done once, before anything else works with it. @throws where nothing can work with it */
  prepare(): Promise<void>;
  /** Done every few seconds: says what is wrong with where the jobs are kept, and mends what it can. */
  lookAfter(): Promise<void>;
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
  const lookAtPolicy = createPolicyWatch(producer, log);
  return {
    kind: 'redis',
    factory: createRedisBackend,
    producer,
    consumer,
    prepare: async () => undefined,
    problem: () => (producer.status === 'ready' ? undefined : `Redis is not connected (${producer.status})`),
    lookAfter: async () => (producer.status === 'ready' ? lookAtPolicy() : undefined),
    close: () => producer.disconnect(),
  };
}

/** @param url of the database; BullMQ keeps its tables there in a schema of its own, `bullmq`. */
export function postgresBackend(url: string, log: Log): Backend<PostgresConnectionOptions> {
  const pool = { connectionString: url, connectionTimeoutMillis: connectTimeoutMs };
  const mend = createSchemaWatch(url, log, connectTimeoutMs);
  return {
    kind: 'postgres',
    factory: createPostgresBackend,
    producer: { ...pool, max: 2 },
    consumer: { ...pool, max: 3 },
    prepare: mend,
    problem: () => undefined, // the pool finds out, and within its connection time-out
    lookAfter: mend,
    close() {},
  };
}
