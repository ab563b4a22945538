import { afterAll, beforeAll, expect, it } from 'vitest';
import pg from 'pg';
import { analyzeNew } from '../../src/store/analyze-new.ts';
import { renewPlans } from '../../src/store/renew-plans.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

// How PostgreSQL learns of a crowd before autovacuum comes by.

let database: TestDatabase;
let pool: pg.Pool;
let nowMs = 0;
beforeAll(async () => {
  database = await testDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 1 });
  renewPlans(pool, () => nowMs);
  await pool.query(`create table things (org text, id int, primary key (org, id)) with (autovacuum_enabled = off)`);
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const pairs = {
  name: 'pairs',
  text: 'select count(*)::int from things a join things b on b.org = a.org and b.id = a.id where a.org = $1',
  values: ['one'],
};
const planOf = async (): Promise<string> => {
  await pool.query(pairs);
  const { rows } = await pool.query(`explain execute pairs ('one')`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
};
const fill = (from: number, to: number) => pool.query(`insert into things select 'one', generate_series(${from}, ${to})`);
const isCounted = async (): Promise<boolean> => {
  await pool.query('select pg_stat_force_next_flush()');
  await analyzeNew(pool, new Set());
  const { rowCount } = await pool.query(`select from pg_stats where tablename = 'things'`);
  return rowCount !== 0;
};

it('counts a table once it has a few rows, and leaves that to autovacuum afterwards', async () => {
  await fill(1, 5);
  expect(await isCounted()).toBe(false);
  await fill(6, 40);
  await expect.poll(isCounted).toBe(true);
  const { rows } = await pool.query(`select n_distinct from pg_stats where tablename = 'things' and attname = 'org'`);
  expect(rows).toEqual([{ n_distinct: 1 }]);
  await fill(41, 50);
  await isCounted();
  expect((await pool.query(`select reltuples from pg_class where relname = 'things'`)).rows).toEqual([{ reltuples: 40 }]);
});

it('plans anew what is prepared when the connection is twice as old', async () => {
  await pool.query('set plan_cache_mode = force_generic_plan');
  const small = await planOf();
  await fill(51, 20_000);
  expect(await planOf()).toBe(small);
  nowMs = 999;
  expect(await planOf()).toBe(small);
  nowMs = 1_000;
  const large = await planOf();
  expect(large).not.toBe(small);
  await pool.query('truncate things');
  await pool.query('vacuum things');
  const empty = await planOf();
  await fill(1, 20_000);
  nowMs = 1_999;
  expect(await planOf()).toBe(empty);
  nowMs = 2_000;
  expect(await planOf()).not.toBe(empty);
});

it('leaves to autovacuum what takes too long', async () => {
  await pool.query(`create table large (org text, id int) with (autovacuum_enabled = off)`);
  await pool.query(`insert into large select 'one', generate_series(1, 200000)`);
  await pool.query('select pg_stat_force_next_flush()');
  const left = new Set<string>();
  await expect.poll(() => analyzeNew(pool, left, 3).then(() => [...left])).toEqual(['public.large']);
  await analyzeNew(pool, left);
  expect((await pool.query(`select from pg_stats where tablename = 'large'`)).rowCount).toBe(0);
  await analyzeNew(pool, new Set());
  expect((await pool.query(`select from pg_stats where tablename = 'large'`)).rowCount).not.toBe(0);
});
