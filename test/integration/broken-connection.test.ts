import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Log } from '../../src/app/ports.ts';
import { openDatabase } from '../../src/store/database.ts';
import { isOutage } from '../../src/store/outage.ts';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

// Found by the chaos lane: a connection that broke in the middle of a transaction, while nothing was being asked, ended the process.

let database: TestDatabase;
const lines: string[] = [];
const line = (_: object, message: string): void => void lines.push(message);
const log: Log = { info: line, warn: line, error: line };
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

it('outlives a connection that breaks between two statements of a transaction', async () => {
  const { db, pool } = openDatabase(database.url, log);
  const uncaught: unknown[] = [];
  const take = (error: unknown): void => void uncaught.push(error);
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', take);
  try {
    const client = await pool.connect();
    await client.query('begin');
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await withClient(database.adminUrl, (admin) => admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]));
    await expect.poll(() => client.query('select 1').then(() => undefined, String), { timeout: 10_000 }).toContain('not queryable');
    client.release(true);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(uncaught).toEqual([]);
  } finally {
    process.off('uncaughtException', take);
    for (const other of others) process.on('uncaughtException', other);
    await db.destroy();
  }
});

// Found by a benchmark: what a query was given up for went on for minutes, with a core to itself.
it('leaves nothing behind in the database that it does not wait for any more', { timeout: 40_000 }, async () => {
  const { db, pool } = openDatabase(database.url, log);
  try {
    const error: unknown = await pool.query('select pg_sleep(30)').catch((each: unknown) => each);
    expect(isOutage(error)).toBe(true);
    const { rows } = await pool.query(
      `select query from pg_stat_activity where state = 'active' and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`,
    );
    expect(rows).toEqual([]);
  } finally {
    await db.destroy();
  }
});
