import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, openLane } from '../../src/store/database.ts';
import { createNames, preparing } from '../../src/store/prepared.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const repeat = async (times: number, work: () => Promise<unknown>): Promise<void> => {
  for (let time = 0; time < times; time++) await work();
};

it('prepares what is sent often, and only that, in and out of transactions', async () => {
  const { db } = openDatabase(world.database.url, world.hands.log, { max: 1 });
  const prepared = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
    return rows.map(({ statement }) => statement.trim());
  };
  try {
    const ask = (n: number) => sql<{ n: number }>`select ${n}::int + 1 as n`.execute(db);
    await repeat(5, () => ask(1));
    expect(await prepared()).toEqual([]);
    expect((await ask(41)).rows).toEqual([{ n: 42 }]);
    expect(await prepared()).toEqual(['select $1::int + 1 as n']);
    await db.transaction().execute(async (tx) => {
      expect((await sql`select ${6}::int + 1 as n`.execute(tx)).rows).toEqual([{ n: 7 }]);
    });
    await expect(sql`select ${'x'}::int + 1 as n`.execute(db)).rejects.toThrow('invalid input syntax');
    expect((await ask(1)).rows).toEqual([{ n: 2 }]);
    expect(await prepared()).toHaveLength(1);
  } finally {
    await db.destroy();
  }
});

it('goes on while a newer release adds columns, whose statements must not change their shape', async () => {
  const { db, pool } = openDatabase(world.database.url, world.hands.log, { max: 1 });
  try {
    await pool.query('create table growing (id int)');
    const all = () => sql`select * from growing where id = ${1}`.execute(db);
    const made = () => sql`insert into growing (id) values (${1}) returning *`.execute(db);
    const aliased = () => sql`select g.* from growing g where id = ${1}`.execute(db);
    const named = () => sql`select id from growing where id = ${1}`.execute(db);
    const everything = async () => [await all(), await made(), await aliased(), await named()].map(({ rows }) => rows[0]);
    await repeat(8, everything);
    await pool.query('alter table growing add column more text');
    const grown = { id: 1, more: null };
    expect(await everything()).toEqual([grown, grown, grown, { id: 1 }]);
  } finally {
    await pool.query('drop table growing');
    await db.destroy();
  }
});

it('remembers a bounded number of texts, those that were sent last', () => {
  const nameOf = createNames();
  const send = (text: string, times: number) => Array.from({ length: times }, () => nameOf(text)).at(-1);
  expect(send('select $1', 5)).toBeUndefined();
  const name = send('select $1', 1);
  expect(name).toMatch(/^k-[\w-]{32}$/);
  // Names longer than 63 bytes would be cut, and two of them could be one.
  expect(name?.length).toBeLessThan(63);
  send('forgotten', 5);
  for (let n = 0; n < 1_024; n++) send(`once ${n}`, 1);
  expect(send('forgotten', 1)).toBeUndefined();
  expect(send('select $1', 1)).toBe(name);
  const named = Array.from({ length: 400 }, (_, n) => send(`often ${n}`, 6)).filter((each) => each !== undefined);
  expect(new Set(named).size).toBe(255);
});

it('plans what removals send without its values, on connections that stay', async () => {
  const removals = openLane(world.database.url, world.hands.log, 'removals');
  try {
    const { rows } = await removals.query('show plan_cache_mode');
    expect(rows).toEqual([{ plan_cache_mode: 'force_generic_plan' }]);
    expect(removals.options.idleTimeoutMillis).toBe(0);
  } finally {
    await removals.end();
  }
});

it('gives a connection back as it got it', async () => {
  const pool = new pg.Pool({ connectionString: world.database.url, max: 1 });
  const db = new Kysely({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
  await repeat(3, () => sql`select ${1}::int`.execute(db));
  expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
  await db.destroy();
  expect(pool.ended).toBe(true);
});
