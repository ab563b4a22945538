import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { type Engine, org } from './engine.ts';
import { median } from './figures.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { storeRules } from './policies.ts';
import { makeKey, serveApi, startCaller } from './server.ts';

const rules = 10_000;
const people = 30;
/** Nobody may have more than 20 open. */
const calls = people * 5;
const connections = 10;

/**
 * Requests made over the API with ten connections, each durable with its event and its outbox line; beside the same number
 * of rows written by one bare statement each.
 */
export async function measureCreate(engine: Engine): Promise<void> {
  await storeRules(engine, rules);
  await using stack = new AsyncDisposableStack();
  const origin = await serveApi(engine, stack);
  const send = startCaller(stack);
  const keys = await Promise.all(Array.from({ length: people }, (_, at) => makeKey(engine, `asker${at}`)));
  const bare = await openBare(engine.url, stack);
  const create = async (round: number): Promise<number> => {
    const bodies = Array.from({ length: calls }, (_, at) =>
      JSON.stringify({ argv: ['request', 'pg', 'role', 'readonly', '--reason', `round ${round}, ${at}`], scriptName: 'p0' }),
    );
    const { ms } = await send({ origin, path: `/o/${org}/command`, keys, bodies, calls, connections });
    // They have done their part; nobody may have many open at once.
    const { rowCount } = await engine.pool.query(
      `update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`,
    );
    if (rowCount !== calls) throw new Error(`${rowCount} of ${calls} requests were made`);
    return (calls / ms) * 1000;
  };
  await create(-1);
  const pairs = await measurePairs(bare, create);
  const rate = (values: readonly number[]): string => `${median(values).toFixed(0)}/s`;
  console.log(
    `  requests made                ${rate(pairs.map((pair) => pair.ours))}, bare statement ${rate(pairs.map((pair) => pair.reference))}`,
  );
  printRatio(
    "our rate ÷ the statement's",
    pairs.map((pair) => pair.ours / pair.reference),
    { atLeast: 0.6 },
  );
}

const statement = `with r as (
    insert into bare_requests (id, requestor, resource, asked, reason) values ($1, $2, $3, $4, $5) returning id),
  a as (insert into bare_audit (subject, actor, action, data) select id, $2, 'request.submitted', $6::jsonb from r),
  o as (insert into bare_outbox (kind, payload) values ('notify', $6::jsonb))
  insert into bare_jobs (kind, due, payload) values ('lapse', now() + interval '1 hour', $6::jsonb)`;

/** Rows as narrow as they can be, indexed as they must be. */
async function openBare(url: string, stack: AsyncDisposableStack): Promise<() => Promise<number>> {
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
  return async () => {
    let left = calls * 10;
    const started = performance.now();
    const writer = async (): Promise<void> => {
      while (left-- > 0) {
        const id = uuidv7();
        await pool.query({ name: 'bare', text: statement, values: [id, 'someone', 'readonly', 3600, 'a reason', JSON.stringify({ id })] });
      }
    };
    await Promise.all(Array.from({ length: connections }, writer));
    return (calls * 10 * 1000) / (performance.now() - started);
  };
}
