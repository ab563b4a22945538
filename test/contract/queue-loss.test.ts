import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LATEST_SCHEMA_VERSION, runMigrations } from 'bullmq';
// @ts-expect-error It comes without types.
import { MIGRATIONS } from 'bullmq/dist/cjs/postgres/migrations/index.js';
import { describe, expect, it, vi } from 'vitest';
import { openQueue, type Queue } from '../../src/queue/open-queue.ts';
import { schemaNames } from '../../src/queue/schema-names.ts';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { createLink, through } from '../chaos/link.ts';
import { testDatabase } from '../support/postgres.ts';
import { look, recorder } from '../support/queues.ts';
import { isRedisReal, startRedis } from '../support/redis-process.ts';

// What the queue stands on goes away under a running process, which must go on by itself once it is back.

const earlierMigrations: readonly { version: number; name: string; load: () => string }[] = MIGRATIONS.slice(0, -1);
const soon = { timeout: 30_000, interval: 50 };

/** A queue with workers, and whether a wake-up comes to them. */
async function openWorking(options: Parameters<typeof openQueue>[0], stack: AsyncDisposableStack) {
  const { log, lines, ran, handlers } = recorder();
  const queue = stack.use(await openQueue(options, { log, name: `t-${randomUUID()}`, lookAfterMs: 200 }));
  queue.startWorkers(handlers);
  return { queue, lines, ran };
}

/** Wake-ups may be refused meanwhile; one comes to a worker in the end. */
async function expectToWork({ queue, ran }: { queue: Queue; ran: { what: unknown }[] }): Promise<void> {
  const jobs = [look(), look(), look()];
  await vi.waitFor(async () => {
    await queue.wake(jobs);
    expect(ran.map(({ what }) => what)).toEqual(expect.arrayContaining(jobs.map(({ rightId }) => rightId)));
  }, soon);
}

describe('on Redis', () => {
  it('goes on after the server was killed, and came back empty', async () => {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const working = await openWorking({ kind: 'redis', url: redis.url }, stack);
    for (let n = 0; n < 3; n += 1) {
      await expectToWork(working);
      await redis.lose(n * 300);
    }
    await expectToWork(working);
  });
});

// The one in JavaScript has no limits of memory.
if (!isRedisReal) it('on a Redis that is full', (context) => context.skip('a Redis that is full (there is no redis-server)'));
else
  describe('on a Redis that is full, or may be', () => {
    it('refuses wake-ups, and goes on after that', async () => {
      await using stack = new AsyncDisposableStack();
      const redis = stack.use(await startRedis());
      const working = await openWorking({ kind: 'redis', url: redis.url }, stack);
      await expectToWork(working);
      await redis.tell('CONFIG SET maxmemory 1');
      await expect(working.queue.wake([look()])).rejects.toThrow(/OOM|memory/);
      expect(await working.queue.status()).toMatchObject({ reachable: true });
      await redis.tell('CONFIG SET maxmemory 0');
      await expectToWork(working);
    });

    it('shouts where jobs may be thrown away: at the start, when that changes, and once', async () => {
      await using stack = new AsyncDisposableStack();
      const redis = stack.use(await startRedis());
      const shouts = (lines: readonly { level: string; message: string }[]) =>
        lines.flatMap(({ level, message }) => (/^REDIS MAY THROW|keeps jobs again/.test(message) ? [level] : []));
      const { lines } = await openWorking({ kind: 'redis', url: redis.url }, stack);
      await redis.tell('CONFIG SET maxmemory-policy allkeys-lru');
      await vi.waitFor(() => expect(shouts(lines)).toEqual(['error']), soon);
      await redis.tell('CONFIG SET maxmemory-policy noeviction');
      await vi.waitFor(() => expect(shouts(lines)).toEqual(['error', 'info']), soon);
      await redis.tell('CONFIG SET maxmemory-policy volatile-ttl');
      await vi.waitFor(() => expect(shouts(lines)).toEqual(['error', 'info', 'error']), soon);
      const later = await openWorking({ kind: 'redis', url: redis.url }, stack);
      await vi.waitFor(() => expect(shouts(later.lines)).toEqual(['error']), soon);
    });
  });

describe('on PostgreSQL', () => {
  it.each([
    ['its schema was dropped', 'drop schema bullmq cascade'],
    ['a table was dropped', 'drop table bullmq.job cascade'],
    [
      'its connections were cut',
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    ],
  ])('goes on after %s', async (_, sql) => {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await testDatabase());
    const working = await openWorking({ kind: 'postgres', url: database.url }, stack);
    await expectToWork(working);
    // Whoever drops a table that is in use may be the one whom PostgreSQL takes out of a deadlock.
    await vi.waitFor(() => withClient(database.url, (client) => client.query(sql)), soon);
    await expectToWork(working);
  });

  it.each([
    ['a table', 'drop table bullmq.job cascade'],
    ['a sequence', 'drop sequence bullmq.event_seq cascade'],
    ['the record of what was made', 'drop table bullmq.migration'],
    ['a line of that', `delete from bullmq.migration where version = ${LATEST_SCHEMA_VERSION}`],
    ['a function', 'drop function bullmq.move_to_active'],
    ['nothing', 'select'],
  ])('begins to work where %s was lost before it started', async (_, sql) => {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await testDatabase());
    await withClient(database.url, async (client) => {
      await runMigrations(client);
      await client.query(sql);
    });
    const working = await openWorking({ kind: 'postgres', url: database.url }, stack);
    await expectToWork(working);
    expect(working.lines.filter(({ level }) => level === 'error').length).toBe(sql === 'select' ? 0 : 1);
  });

  it('needs all that BullMQ makes, and nothing else', async () => {
    await using database = await testDatabase();
    const names = await withClient(database.url, async (client) => {
      await runMigrations(client);
      const { rows } = await client.query<{ name: string }>(
        `select relname::text as name from pg_class where relnamespace = 'bullmq'::regnamespace and relkind in ('r', 'S')
         union select proname from pg_proc where pronamespace = 'bullmq'::regnamespace`,
      );
      return rows.map(({ name }) => name);
    });
    expect([...schemaNames].sort()).toEqual(names.sort());
  });

  it('migrates what an earlier release of the queue has made, and throws nothing away', async () => {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await testDatabase());
    await withClient(database.url, async (client) => {
      await client.query('create schema bullmq; set search_path to bullmq');
      await client.query('create table migration (version integer primary key, name text not null, min_client_version integer not null)');
      for (const { version, name, load } of earlierMigrations) {
        await client.query(load());
        await client.query('insert into migration values ($1, $2, 6)', [version, name]);
      }
      await client.query('create table kept ()');
    });
    const working = await openWorking({ kind: 'postgres', url: database.url }, stack);
    await expectToWork(working);
    expect(working.lines.filter(({ level }) => level === 'error')).toEqual([]);
    const { rows } = await withClient(database.url, (client) =>
      client.query(`select max(version) as version, to_regclass('bullmq.kept') is not null as "isKept" from bullmq.migration`),
    );
    expect(rows).toEqual([{ version: LATEST_SCHEMA_VERSION, isKept: true }]);
  });

  it('leaves what a newer release of the queue has made of it', async () => {
    await using database = await testDatabase();
    await withClient(database.url, async (client) => {
      await runMigrations(client);
      // Which does without this function.
      await client.query('drop function bullmq.relay_ms; insert into bullmq.migration values (9000, $$of tomorrow$$, 6)');
    });
    await using stack = new AsyncDisposableStack();
    const working = await openWorking({ kind: 'postgres', url: database.url }, stack);
    await expectToWork(working);
    expect(working.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('asks no more than about once a second for jobs that cannot be fetched, and goes on by itself', async () => {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await testDatabase());
    const { log, ran, handlers } = recorder();
    const queue = stack.use(await openQueue({ kind: 'postgres', url: database.url }, { log, lookAfterMs: 5_000 }));
    const refused = async () =>
      withClient(database.url, async (client) => {
        const { rows } = await client.query<{ count: number }>(
          'select xact_rollback::int as count from pg_stat_database where datname = current_database()',
        );
        return rows[0]?.count ?? 0;
      });
    await vi.waitFor(() => withClient(database.url, (client) => client.query('drop table bullmq.job cascade')), soon);
    const before = await refused();
    // One that has been idle waits for a wake-up instead.
    queue.startWorkers(handlers);
    await sleep(3_000);
    const asked = (await refused()) - before;
    expect(asked).toBeGreaterThan(0);
    // Three queues, which also look for jobs that were left; without a pause it was hundreds.
    expect(asked).toBeLessThan(40);
    await expectToWork({ queue, ran });
  });

  it('begins to work where the database was away when the workers started', async () => {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await testDatabase());
    const port = Number(new URL(database.url).port);
    const link = stack.use(await createLink(() => port));
    const { log, ran, handlers } = recorder();
    const options = { kind: 'postgres', url: through(database.url, link) } as const;
    const queue = stack.use(await openQueue(options, { log, name: `t-${randomUUID()}` }));
    link.cut('both');
    queue.startWorkers(handlers);
    // Connections are refused in the order in which they were tried.
    for (let n = 0; n < 4; n += 1) expect(await queue.status()).toMatchObject({ reachable: false });
    link.mend();
    await expectToWork({ queue, ran });
  });
});
