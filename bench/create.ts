import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { openBareApp } from './bare-app.ts';
import { type Engine, org } from './engine.ts';
import { median } from './figures.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { storeRules } from './policies.ts';
import { listen, makeKey, serveApi, startCaller } from './server.ts';

const rules = 10_000;
const people = 60;
/** Nobody may have more open. */
const openLimit = 20;
const calls = people * openLimit;
const connections = 10;

/**
 * Requests made over the API with ten connections, each durable with its event and its outbox line; beside the same number
 * of rows written by one bare statement each, and beside a bare Fastify that looks the key up and then runs that statement.
 */
export async function measureCreate(engine: Engine): Promise<void> {
  await storeRules(engine, rules);
  await using stack = new AsyncDisposableStack();
  const send = startCaller(stack);
  const keys = await Promise.all(Array.from({ length: people }, (_, at) => makeKey(engine, `asker${at}`)));
  const errand = { path: `/o/${org}/command`, keys, calls, connections };
  const write = await openBare(engine.url, stack);
  const statementOnly = (): Promise<number> => rateOf(() => writeAll(write));
  const bareOrigin = await serveBare(engine, write, stack);
  const bareApi = (): Promise<number> => rateOf(() => send({ ...errand, origin: bareOrigin, bodies: bodiesOf('bare') }));
  const origin = await serveApi(engine, stack);
  const create = async (round: number): Promise<number> => {
    const rate = await rateOf(() => send({ ...errand, origin, bodies: bodiesOf(`round ${round}`) }));
    // They have done their part; nobody may have many open at once.
    const { rowCount } = await engine.pool.query(
      `update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`,
    );
    if (rowCount !== calls) throw new Error(`${rowCount} of ${calls} requests were made`);
    return rate;
  };
  await bareApi();
  await create(-1);
  const rates = async (label: string, reference: () => Promise<number>, name: string): Promise<void> => {
    const pairs = await measurePairs(reference, create);
    const rate = (values: readonly number[]): string => `${median(values).toFixed(0)}/s`;
    console.log(
      `  requests made                ${rate(pairs.map((pair) => pair.ours))}, ${name} ${rate(pairs.map((pair) => pair.reference))}`,
    );
    printRatio(
      label,
      pairs.map((pair) => pair.ours / pair.reference),
      { atLeast: 0.6 },
    );
  };
  await rates("our rate ÷ the statement's", statementOnly, 'bare statement');
  await rates("our rate ÷ bare Fastify's", bareApi, 'bare Fastify with key and statement');
}

async function writeAll(write: () => Promise<unknown>): Promise<void> {
  let left = calls;
  const writer = async (): Promise<void> => {
    while (left-- > 0) await write();
  };
  await Promise.all(Array.from({ length: connections }, writer));
}

/** Per second, of `calls` that `work` makes. */
async function rateOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (calls * 1000) / (performance.now() - started);
}

const bodiesOf = (round: string): string[] =>
  Array.from({ length: calls }, (_, at) =>
    JSON.stringify({ argv: ['request', 'pg', 'role', 'readonly', '--reason', `${round}, ${at}`], scriptName: 'p0' }),
  );

async function serveBare(engine: Engine, write: () => Promise<unknown>, stack: AsyncDisposableStack): Promise<string> {
  const body = z.object({ argv: z.array(z.string().max(4000)).min(1).max(200), scriptName: z.string().max(100) });
  const answer = async (): Promise<object> => {
    await write();
    return { ok: true, message: 'Requested' };
  };
  return listen(await openBareApp(engine, { path: '/command', body, answer }, stack), stack);
}

const statement = `with r as (
    insert into bare_requests (id, requestor, resource, asked, reason) values ($1, $2, $3, $4, $5) returning id),
  a as (insert into bare_audit (subject, actor, action, data) select id, $2, 'request.submitted', $6::jsonb from r),
  o as (insert into bare_outbox (kind, payload) values ('notify', $6::jsonb))
  insert into bare_jobs (kind, due, payload) values ('lapse', now() + interval '1 hour', $6::jsonb)`;

/** Rows as narrow as they can be, indexed as they must be. Returned is what writes one. */
async function openBare(url: string, stack: AsyncDisposableStack): Promise<() => Promise<unknown>> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  stack.defer(() => pool.end());
  await pool.query(`create table bare_requests (id uuid primary key, requestor text, resource text, asked int, reason text, at timestamptz default now());
    create index on bare_requests (requestor, at);
    create table bare_audit (id bigint generated always as identity primary key, subject uuid, actor text, action text, data jsonb, at timestamptz default now());
    create index on bare_audit (subject);
    create table bare_outbox (id bigint generated always as identity primary key, kind text, payload jsonb, at timestamptz default now());
    create table bare_jobs (id bigint generated always as identity primary key, kind text, due timestamptz, payload jsonb);
    create index on bare_jobs (due)`);
  stack.defer(async () => void (await pool.query('drop table bare_requests, bare_audit, bare_outbox, bare_jobs')));
  return () => {
    const id = uuidv7();
    return pool.query({ name: 'bare', text: statement, values: [id, 'someone', 'readonly', 3600, 'a reason', JSON.stringify({ id })] });
  };
}
