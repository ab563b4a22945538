import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Engine } from './engine.ts';
import { median, percentile } from './figures.ts';
import { makeLogins } from './logins.ts';
import { measurePairs, type Pair, printRatio } from './pairs.ts';
import { startWork } from './work.ts';

const usual = 1_000;

/**
 * Grants of real logins that all end in one second, beside a bare loop that does the same SQL one by one:
 * revoke, drop what it owns, drop the login, write it down. Alternating, in one run.
 */
export async function measureStorm(engine: Engine): Promise<void> {
  using _workers = startWork(engine);
  report(
    usual,
    await measurePairs(
      () => bareLoop(engine.sampleUrl, usual),
      async (pair) => drainStorm(engine, await brewStorm(engine, pair)),
    ),
  );
}

export function report(grants: number, pairs: readonly Pair<Storm>[]): void {
  if (pairs.length === 0) return;
  const worst = (of: (storm: Storm) => number): string => Math.max(...pairs.map(({ ours }) => of(ours))).toFixed(0);
  console.log(
    `  ${grants} grants gone in ${median(pairs.map(({ ours }) => ours.drain)).toFixed(0)} ms, first seen ${worst((storm) => storm.first)} ms after the end, p99 ${worst((storm) => storm.p99)} ms (worst pairs)`,
  );
  console.log(`  bare SQL loop                ${median(pairs.map(({ reference }) => reference)).toFixed(0)} ms`);
  const ratios = pairs.map(({ reference, ours }) => reference / ours.drain);
  printRatio("our rate ÷ the loop's", ratios, { atLeast: 0.7 });
}

export async function bareLoop(url: string, grants: number): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query('create table if not exists public.bare_log (name text, at timestamptz)');
    await makeLogins(client, 'bare', grants);
    const started = performance.now();
    for (let i = 1; i <= grants; i++) {
      await client.query('begin');
      await client.query(`revoke readonly from bare${i}`);
      await client.query(`drop owned by bare${i}`);
      await client.query(`drop role bare${i}`);
      await client.query('insert into public.bare_log values ($1, clock_timestamp())', [`bare${i}`]);
      await client.query('commit');
    }
    return performance.now() - started;
  } finally {
    await client.query('drop table if exists public.bare_log');
    await client.end();
  }
}

/** Approved requests, written at once: asking one by one is not what is measured. */
export const approvedSql = `
with people as (
  insert into people (org, id, email, canonical)
  select 'bench', gen_random_uuid(), name, name from (select 's' || $1 || 'n' || n || '@example.com' as name from generate_series(1, $2::int) n) names
  returning id, split_part(email, '@', 1) as account),
accounts as (insert into accounts (org, integration, account, person_id) select 'bench', 'sample', account, id from people),
rights as (
  insert into rights (org, id, integration, service, access_type, resource, person_id, account, lane, due_at)
  select 'bench', gen_random_uuid(), 'sample', 'pg', 'role', 'readonly', id, account, 'give', now() from people returning id, person_id),
requests as (
  insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named,
    created_at, approvable_until, state, decided_at, decided_policy, decided_seconds)
  select 'bench', gen_random_uuid(), id, id, 'sample', 'pg', 'role', 'readonly', 3600, true, now(), now() + interval '1 day',
    'approved', now(), 'storm', 3600 from people returning id, principal_id)
insert into grants (org, id, request_id, right_id, seconds, latest_end, provision_until)
select 'bench', gen_random_uuid(), q.id, r.id, 3600, now() + interval '2 hours', now() + interval '1 hour'
from requests q join rights r on r.person_id = q.principal_id`;

export type Storm = { readonly drain: number; readonly first: number; readonly p99: number };

/** Gives grants that all end in the second that is returned. `pair` is used once. */
export async function brewStorm({ pool, work, queue }: Engine, pair: number): Promise<number> {
  await pool.query(approvedSql, [String(pair), usual]);
  while ((await pool.query(`select from grants where state = 'planned' limit 1`)).rowCount !== 0) await work.give();
  return endAll(pool, queue, 3);
}

/** Has all that is active end in one second, so many seconds ahead, with an alarm for it. Returns that second. */
export async function endAll(db: pg.Pool | pg.Client, queue: Engine['queue'], ahead: number): Promise<number> {
  const { rows } = await db.query<{ second: string }>(`select ceil(extract(epoch from clock_timestamp()))::bigint + $1::int as second`, [
    ahead,
  ]);
  const second = Number(rows[0]?.second);
  await db.query(
    `update grants set granted_at = to_timestamp($1) - interval '1 hour', expires_at = to_timestamp($1) where state = 'active'`,
    [second],
  );
  await db.query(`update rights set due_at = to_timestamp($1) where lane = 'take' and due_at is not null`, [second]);
  await db.query('vacuum analyze rights, grants');
  await queue.wake([{ kind: 'due', epochSecond: second }]);
  return second;
}

/** Waits for that second, and until all that is due by then is gone: also what has to be tried again. */
export async function drainStorm({ pool }: Pick<Engine, 'pool'>, second: number, grants = usual): Promise<Storm> {
  await sleep(Math.max(0, second * 1000 - Date.now()));
  const dueSql = `select from rights where lane = 'take' and due_at <= to_timestamp($1) + interval '1 minute' limit 1`;
  while ((await pool.query(dueSql, [second])).rowCount !== 0) await sleep(250);
  return timesOf(pool, second, grants);
}

async function timesOf(pool: pg.Pool, second: number, grants: number): Promise<Storm> {
  const times = await pool.query<{ late: number }>(
    `select (extract(epoch from gone_at - end_at) * 1000)::float8 as late from grants where state = 'ended' and end_at = to_timestamp($1)`,
    [second],
  );
  const late = times.rows.map((row) => row.late);
  if (late.length !== grants) throw new Error(`${late.length} of ${grants} grants ended`);
  return { drain: percentile(late, 100), first: percentile(late, 0), p99: percentile(late, 99) };
}
