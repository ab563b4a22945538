/** What Curfew runs on and against: each part a real one of its own, behind a link that can be cut. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/sandbox/postgres/start.ts';
import { prepareSampleDatabase } from '../../src/sandbox/sample-database.ts';
import { type LocalSlack, startLocalSlack } from '../support/local-slack.ts';
import { startRedis } from '../support/redis-process.ts';
import { createLink, type Link, through } from './link.ts';

export type Place = {
  readonly slack: LocalSlack;
  readonly links: { readonly database: Link; readonly target: Link; readonly redis: Link };
  /** By way of the links. */
  readonly urls: { readonly database: string; readonly target: string; readonly redis: string };
  /** Curfew's own database, past the link, for the lane's own eyes; it may be away. */
  read<T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  /** The target with the observer's login, past the link. */
  readonly observerUrl: string;
  /** Stops the database at once, as a power cut would, and starts it again. */
  loseDatabase(awayMs: number): Promise<void>;
  loseTarget(awayMs: number): Promise<void>;
  /** Everything in Redis is gone; or it is gone itself, and comes back empty. */
  flushRedis(): Promise<void>;
  loseRedis(awayMs: number): Promise<void>;
  /** Its memory is full; only a real one can be. */
  fillRedis(forMs: number): Promise<void>;
} & AsyncDisposable;

/** Enough that many rights end at once. */
export const people = ['bob', 'dave', ...Array.from({ length: 22 }, (_, n) => `p${n}`)] as const;

export async function createPlace(folder: string): Promise<Place> {
  await using stack = new AsyncDisposableStack();
  const more = people.slice(2).map((name, n) => ({ id: `U0CHAOS${String(n).padStart(2, '0')}`, name }));
  const slack = stack.use(await startLocalSlack({ people: more, keptPerChannel: Number.POSITIVE_INFINITY }));
  const database = await startServer(path.join(folder, 'database'), stack);
  const target = await startServer(path.join(folder, 'target'), stack);
  const sample = await prepareSampleDatabase(target.server.adminUrl);
  await withClient(target.server.adminUrl, (admin) => admin.query(`create role observer login password 'observer'`));
  await withClient(sample.url, (admin) => admin.query('grant connect on database sample to observer'));
  const observer = new URL(sample.url);
  observer.username = 'observer';
  observer.password = 'observer';
  const redis = stack.use(await startRedis());
  const links = {
    database: stack.use(await createLink(() => database.server.port)),
    target: stack.use(await createLink(() => target.server.port)),
    redis: stack.use(await createLink(() => redis.port)),
  };
  const kept = stack.move();
  return {
    slack,
    links,
    urls: {
      database: through(database.server.url, links.database),
      target: through(sample.url, links.target),
      redis: `redis://127.0.0.1:${links.redis.port}`,
    },
    async read(sql, values = []) {
      const client = new pg.Client({ connectionString: database.server.url, connectionTimeoutMillis: 5_000 });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query(sql, [...values])).rows;
      } finally {
        await client.end();
      }
    },
    observerUrl: observer.href,
    loseDatabase: (awayMs) => database.lose(awayMs),
    loseTarget: (awayMs) => target.lose(awayMs),
    flushRedis: () => redis.tell('FLUSHALL'),
    loseRedis: (awayMs) => redis.lose(awayMs),
    async fillRedis(forMs) {
      await redis.tell('CONFIG SET maxmemory 1');
      await sleep(forMs);
      await redis.tell('CONFIG SET maxmemory 0');
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startServer(folder: string, stack: AsyncDisposableStack) {
  const start = (port?: number): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ folder, maxConnections: 100, ...(port === undefined ? {} : { port }) });
  const held = { server: await start() };
  stack.defer(() => held.server.stop());
  return {
    get server() {
      return held.server;
    },
    async lose(awayMs: number): Promise<void> {
      const { pid, port } = held.server;
      process.kill(pid, 'SIGQUIT');
      await sleep(awayMs);
      held.server = await start(port);
    },
  };
}
