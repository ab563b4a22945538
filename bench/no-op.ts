import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEngine, type Engine } from './engine.ts';
import { median } from './figures.ts';
import { noOpTarget } from './no-op-target.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { approvedSql, drainStorm } from './storm.ts';
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
  const measured = await measurePairs(
    () => bareSweep(engine.pool),
    async (pair) => drainStorm(engine, await brew(engine, pair), grants),
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
  if (redisUrl === undefined) console.log('  beside BullMQ: not measured, BENCH_REDIS_URL names no Redis');
  else printRatio("our rate ÷ BullMQ's", await besideBullMq(engine, redisUrl), { atLeast: 1.5 });
}

async function besideBullMq(engine: Engine, redisUrl: string): Promise<readonly number[]> {
  const measured = await measurePairs(
    () => bareJobs(redisUrl),
    async (pair) => drainStorm(engine, await brew(engine, 100 + pair), grants),
    pairs,
  );
  console.log(`  bare BullMQ jobs, 200 at once ${median(measured.map(({ reference }) => reference)).toFixed(0)} ms`);
  return measured.map(({ reference, ours }) => reference / ours.drain);
}

/** One grant is given as all are; the others are copies of what it came to. */
async function brew({ url, work, queue }: Engine, pair: number): Promise<number> {
  // The engine's own connections give up long before so much is written.
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    return await brewOn(pool, work, queue, pair);
  } finally {
    await pool.end();
  }
}

async function brewOn(pool: pg.Pool, work: Engine['work'], queue: Engine['queue'], pair: number): Promise<number> {
  await pool.query(approvedSql, [String(pair), 1]);
  while (((await pool.query(`select from grants where state = 'planned'`)).rowCount ?? 0) > 0) await work.give();
  await pool.query(copySql, [String(pair), grants - 1]);
  const { rows } = await pool.query<{ second: string }>(`select ceil(extract(epoch from clock_timestamp()))::bigint + 20 as second`);
  const second = Number(rows[0]?.second);
  await pool.query(
    `update grants set granted_at = to_timestamp($1) - interval '1 hour', expires_at = to_timestamp($1) where state = 'active'`,
    [second],
  );
  await pool.query(`update rights set due_at = to_timestamp($1) where lane = 'take' and due_at is not null`, [second]);
  for (const table of ['rights', 'grants', 'requests', 'people']) await pool.query(`vacuum analyze ${table}`);
  await queue.wake([{ kind: 'due', epochSecond: second }]);
  return second;
}

const copySql = `
with model as (select g, r, q, p from grants g join rights r on r.id = g.right_id join requests q on q.id = g.request_id
  join people p on p.id = q.principal_id where g.state = 'active' limit 1),
names as materialized (select gen_random_uuid() as person, gen_random_uuid() as held, gen_random_uuid() as request, gen_random_uuid() as given,
  'c' || $1 || 'n' || n as account from generate_series(1, $2::int) n),
people_made as (insert into people select (jsonb_populate_record(model.p, jsonb_build_object('id', person, 'email', account || '@example.com',
  'canonical', account || '@example.com'))).* from model, names),
accounts_made as (insert into accounts (org, integration, account, person_id) select 'bench', 'sample', account, person from names),
rights_made as (insert into rights select (jsonb_populate_record(model.r, jsonb_build_object('id', held, 'person_id', person, 'account', account))).*
  from model, names),
requests_made as (insert into requests select (jsonb_populate_record(model.q, jsonb_build_object('id', request, 'requestor_id', person,
  'principal_id', person))).* from model, names)
insert into grants select (jsonb_populate_record(model.g, jsonb_build_object('id', given, 'request_id', request, 'right_id', held))).* from model, names`;

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

async function bareSweep(pool: pg.Pool): Promise<number> {
  await pool.query('truncate bare.grants, bare.audit, bare.outbox');
  await pool.query(
    `insert into bare.grants select gen_random_uuid(), 'U' || i, 'orders-' || i % 500, 'active', now() - i * interval '1 microsecond', null
     from generate_series(1, $1::int) i`,
    [grants],
  );
  await pool.query('vacuum analyze bare.grants');
  const started = performance.now();
  await Promise.all([sweepOn(pool), sweepOn(pool)]);
  return performance.now() - started;
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

async function bareJobs(redisUrl: string): Promise<number> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const name = `bare-${Date.now()}`;
  const queue = new Queue(name, { connection });
  let done = 0;
  const all = Promise.withResolvers<void>();
  const worker = new Worker(name, async () => void (++done === grants && all.resolve()), {
    connection: new Redis(redisUrl, { maxRetriesPerRequest: null }),
    concurrency: 200,
    autorun: false,
    removeOnComplete: { count: 0 },
  });
  try {
    for (let from = 0; from < grants; from += 1_000)
      await queue.addBulk(Array.from({ length: Math.min(1_000, grants - from) }, (_, i) => ({ name: 'end', data: { grant: from + i } })));
    await worker.waitUntilReady();
    const started = performance.now();
    const running = worker.run();
    await all.promise;
    const took = performance.now() - started;
    await worker.close();
    await running;
    return took;
  } finally {
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
  }
}
