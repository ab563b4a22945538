import type pg from 'pg';
import { drainBareJobs } from './bare-jobs.ts';
import { createCpuOf, type CpuOf } from './cpu.ts';
import { startEngine, type Engine } from './engine.ts';
import { median } from './figures.ts';
import { giveMany, patiently } from './many.ts';
import { noOpTarget } from './no-op-target.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { drainStorm, endAll } from './storm.ts';
import { startWork } from './work.ts';

const grants = Number(process.env['BENCH_GRANTS'] ?? 100_000);
const pairs = 3;

/**
 * P1 to P3: what our own bookkeeping costs when everything ends at once, beside what PostgreSQL can do at best (claim by
 * ctid and finish with an audit row and an outbox line, a thousand at a time on two connections) and beside jobs of BullMQ
 * that do nothing.
 */
export async function measureNoOp(redisUrl: string | undefined): Promise<void> {
  await using engine = await startEngine(redisUrl, noOpTarget);
  using _workers = startWork(engine);
  await prepareBare(engine.pool);
  const cpu = { bare: createCpuOf(engine.pool), ours: createCpuOf(engine.pool) };
  const measured = await measurePairs(
    () => bareSweep(engine.pool, cpu.bare),
    async (pair) => {
      const second = await brew(engine, pair);
      return cpu.ours.during(() => drainStorm(engine, second, grants));
    },
    pairs,
  );
  if (measured.length === 0) return;
  const of = (pick: (each: (typeof measured)[number]) => number): string => median(measured.map(pick)).toFixed(0);
  console.log(
    `  ${grants} grants gone in ${of(({ ours }) => ours.drain)} ms, first ${of(({ ours }) => ours.first)} ms, p99 ${of(({ ours }) => ours.p99)} ms after the end`,
  );
  console.log(`  bare claim and finish        ${of(({ reference }) => reference)} ms`);
  printRatio(
    "our rate ÷ the sweep's",
    measured.map(({ reference, ours }) => reference / ours.drain),
    { atLeast: 0.5 },
  );
  printRatio(
    'our p99 ÷ its time',
    measured.map(({ reference, ours }) => ours.p99 / reference),
    { atMost: 1.3 },
  );
  // Each is a total of its own: a pair that was thrown away is in it, and CPU is hardly disturbed by others.
  if (cpu.ours.usedMs.length > 0) {
    const us = (used: readonly number[]): number => (median(used) * 1000) / grants;
    console.log(`  CPU of each grant            ${us(cpu.ours.usedMs).toFixed(0)} µs, bare ${us(cpu.bare.usedMs).toFixed(0)} µs`);
    printRatio('our CPU ÷ its', [us(cpu.ours.usedMs) / us(cpu.bare.usedMs)], { atMost: 2 });
  }
  if (redisUrl === undefined) console.log('  beside BullMQ: not measured, BENCH_REDIS_URL names no Redis');
  else printRatio("our rate ÷ BullMQ's", await besideBullMq(engine, redisUrl), { atLeast: 1.5 });
}

async function besideBullMq(engine: Engine, redisUrl: string): Promise<readonly number[]> {
  const measured = await measurePairs(
    () => drainBareJobs(redisUrl, grants),
    async (pair) => drainStorm(engine, await brew(engine, 100 + pair), grants),
    pairs,
  );
  console.log(`  bare BullMQ jobs, 200 at once ${median(measured.map(({ reference }) => reference)).toFixed(0)} ms`);
  return measured.map(({ reference, ours }) => reference / ours.drain);
}

async function brew(engine: Engine, pair: number): Promise<number> {
  await giveMany(engine, String(pair), grants);
  return patiently(engine.url, (client) => endAll(client, engine.queue, 20));
}

async function prepareBare(pool: pg.Pool): Promise<void> {
  await pool.query(`create schema bare;
    create table bare.grants (id uuid primary key, subject text, resource text, status text, expires_at timestamptz, revoked_at timestamptz);
    create index on bare.grants (expires_at) where status = 'active';
    create table bare.audit (id bigint generated always as identity primary key, subject_id uuid, actor text, action text, data jsonb, at timestamptz default now());
    create table bare.outbox (id bigint generated always as identity primary key, kind text, payload jsonb)`);
}

const claimSql = `update bare.grants set status = 'revoking' where ctid = any(array(select ctid from bare.grants
  where status = 'active' and expires_at <= now() order by expires_at limit 1000 for update skip locked)) and status = 'active' returning id, subject, resource`;
const finishSql = `with u as (update bare.grants set status = 'revoked', revoked_at = now() where id = any($1::uuid[]) and status = 'revoking' returning id),
  o as (insert into bare.outbox (kind, payload) select 'notify', jsonb_build_object('grant', id) from u)
  insert into bare.audit (subject_id, actor, action, data) select id, 'system', 'grant.ended', '{"reason":"expired"}' from u`;

async function bareSweep(pool: pg.Pool, cpu: CpuOf): Promise<number> {
  await pool.query('truncate bare.grants, bare.audit, bare.outbox');
  await pool.query(
    `insert into bare.grants select gen_random_uuid(), 'U' || i, 'orders-' || i % 500, 'active', now() - i * interval '1 microsecond', null
     from generate_series(1, $1::int) i`,
    [grants],
  );
  await pool.query('vacuum analyze bare.grants');
  return cpu.during(async () => {
    const started = performance.now();
    await Promise.all([sweepOn(pool), sweepOn(pool)]);
    return performance.now() - started;
  });
}

async function sweepOn(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ id: string }>({ name: 'bare-claim', text: claimSql });
      if (rows.length === 0) return;
      await client.query({ name: 'bare-finish', text: finishSql, values: [rows.map(({ id }) => id)] });
    }
  } finally {
    client.release();
  }
}
