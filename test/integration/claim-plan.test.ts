import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, openLane } from '../../src/store/database.ts';
import { createStore } from '../../src/store/index.ts';
import type { RightId } from '../../src/domain/ids.ts';
import { readNewer } from '../../src/store/newer.ts';
import { readVitals } from '../../src/store/vitals.ts';
import { createWorld, org, type World } from '../support/world.ts';

// The statements that expiry stands and falls with, as they are prepared by the store itself, among 100,000 rights.

const many = 100_000;
let world: World;
let one: ReturnType<typeof openDatabase>;

beforeAll(async () => {
  world = await createWorld();
  await world.pool.query(`
    begin;
    set local session_replication_role = replica;
    insert into rights (org, id, integration, service, access_type, resource, person_id, account, lane, due_at, baseline, observed, settled_for)
      select 'demo', gen_random_uuid(), 'sample', 'pg', 'role', 'r' || n, gen_random_uuid(), 'a' || n, 'take', now() + n * interval '1 second',
        'absent', 'present', 'present' from generate_series(-10, ${many}) n;
    insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until, granted_at, expires_at)
      select org, gen_random_uuid(), gen_random_uuid(), id, 200000, 'active', due_at + interval '1 second', due_at - interval '1 second',
        due_at - interval '1 hour', due_at from rights;
    commit;
    analyze rights; analyze grants; analyze schema_min`);
  // One connection, on which what the store prepares can be looked at.
  one = openDatabase(world.database.url, world.hands.log, { max: 1 });
  const store = createStore({ db: one.db, pool: one.pool, removals: one.pool, gives: one.pool });
  expect(await store.claim('take', 5, { known: ['sample'], open: ['sample'] })).toHaveLength(5);
}, 120_000);
afterAll(async () => {
  await one.db.destroy();
  await world[Symbol.asyncDispose]();
});

async function planOf(name: string, values: string): Promise<string> {
  const { rows } = await one.pool.query(`explain execute "${name}" (${values})`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe.each(['force_generic_plan', 'force_custom_plan', 'auto'])('with plan_cache_mode %s', (mode) => {
  it('finds what is due by its index, and nothing by reading a table through', async () => {
    await one.pool.query(`set plan_cache_mode = ${mode}`);
    const plan = await planOf('claim-rights', `'take', 500, 'worker', 16000, 15000, 10000, 50, array['sample'], array['sample']`);
    expect(plan).toContain('rights_due');
    expect(plan).toContain('grants_strange');
    expect(plan).toContain('Tid Scan');
    // A table of one row.
    expect(plan.replaceAll('Seq Scan on schema_min', '')).not.toContain('Seq Scan');
  });
});

/** So many rows of the large tables some work reads without an index. */
async function readThrough(work: () => Promise<unknown>): Promise<number> {
  const told = async () => {
    await one.pool.query('select pg_stat_force_next_flush()');
    await one.pool.query('select pg_stat_clear_snapshot()');
    const { rows: read } = await one.pool.query<{ count: number }>(
      `select sum(seq_tup_read)::int as count from pg_stat_user_tables where relname in ('rights', 'grants', 'requests')`,
    );
    return read[0]?.count ?? Number.NaN;
  };
  const before = await told();
  await work();
  return (await told()) - before;
}

it('looks for what only a newer release knows by indexes that are empty', async () => {
  const { rows } = await one.pool.query<{ relname: string; pages: number }>(
    `select relname, relpages as pages from pg_class where relname like '%\\_strange' order by 1`,
  );
  expect(rows.map(({ relname }) => relname)).toEqual(['grants_strange', 'outbox_strange', 'requests_strange', 'rights_strange']);
  expect(await readThrough(() => one.pool.query('select count(problem) from rights'))).toBeGreaterThanOrEqual(many);
  expect(await readThrough(() => readNewer(one.db))).toBe(0);
});

it('finds what is overdue by indexes, and that of grants which failed too', async () => {
  expect(await readThrough(() => readVitals(one.db))).toBe(0);
});

it('goes through what is watched for drift page by page, and through what waits by indexes', async () => {
  const store = createStore({ db: one.db, pool: one.pool, removals: one.pool, gives: one.pool });
  const page = async (after: RightId | undefined) => {
    const { rights, next } = await store.drift.watchedRights(org, 'sample', after);
    expect(rights.length).toBeGreaterThan(0);
    return next;
  };
  expect(await readThrough(async () => page(await page(undefined)))).toBe(0);
  expect(await readThrough(() => store.handOver())).toBe(0);
  expect(await readThrough(() => store.turnHours())).toBe(0);
  expect(await readThrough(() => store.dueSeconds())).toBe(0);
});

// Found by `bench boot`: counted while much was due, and asked when it had been taken, PostgreSQL read every right for an answer.
it('knows whether what was due is taken without reading what lasts', async () => {
  await one.pool.query(`update rights set due_at = due_at - interval '7 days'`);
  await one.pool.query('analyze rights');
  await one.pool.query(`update rights set due_at = due_at + interval '7 days', lease_owner = null, lease_until = null`);
  const store = createStore({ db: one.db, pool: one.pool, removals: one.pool, gives: one.pool });
  const since = await store.now();
  expect(await store.isTakingLeft(since, ['sample'])).toBe(true);
  await one.pool.query(`update rights set lease_owner = 'another', lease_until = now() + interval '1 hour' where due_at <= now()`);
  expect(
    await readThrough(async () => {
      for (let at = 0; at < 7; at += 1) expect(await store.isTakingLeft(since, ['sample'])).toBe(false);
    }),
  ).toBe(0);
  await one.pool.query('update rights set lease_owner = null, lease_until = null');
  await one.pool.query('analyze rights');
});

it('claims rights in their place, without a change of any index', async () => {
  const hot = async () => {
    await one.pool.query('select pg_stat_force_next_flush()');
    await one.pool.query('select pg_stat_clear_snapshot()');
    const { rows } = await one.pool.query<{ all: number; hot: number }>(
      `select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'rights'`,
    );
    return rows[0] ?? expect.unreachable();
  };
  const before = await hot();
  await one.pool.query(`update rights set due_at = now() where due_at <= now() + interval '1 hour'`);
  const made = await hot();
  const store = createStore({ db: one.db, pool: one.pool, removals: one.pool, gives: one.pool });
  const claims = await store.claim('take', 500, { known: ['sample'], open: ['sample'] });
  expect(claims).toHaveLength(500);
  const after = await hot();
  expect({ all: after.all - made.all, hot: after.hot - made.hot }).toEqual({ all: 500, hot: 500 });
  expect(made.hot - before.hot).toBeLessThan(made.all - before.all);
});

it('writes a whole batch back by indexes, from the first one on', async () => {
  // Of so few PostgreSQL would read all, were it told how large the batch is.
  await one.pool.query(`
    begin;
    set local session_replication_role = replica;
    delete from rights where due_at > now() + interval '5 hours';
    delete from grants g where not exists (select from rights r where r.id = g.right_id);
    update rights set due_at = now(), lease_owner = null, lease_until = null where due_at <= now() + interval '1 hour';
    commit`);
  await one.pool.query('vacuum full rights');
  await one.pool.query('vacuum full grants');
  await one.pool.query('analyze');
  const removals = openLane(world.database.url, world.hands.log, 'removals');
  try {
    const store = createStore({ db: one.db, pool: one.pool, removals, gives: one.pool });
    const claims = await store.claim('take', 500, { known: ['sample'], open: ['sample'] });
    expect(claims).toHaveLength(500);
    const settlements = claims.map((claim) => ({
      claim,
      settled: { ...claim.state, observed: claim.desired, retryAt: undefined },
      result: { kind: 'observed', observed: claim.desired } as const,
      sessionsEnded: 0,
    }));
    expect(
      await readThrough(async () => {
        await store.settle(settlements);
        await removals.query('select pg_stat_force_next_flush()');
      }),
    ).toBe(0);
  } finally {
    await removals.end();
  }
});
