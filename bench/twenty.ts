import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Engine } from './engine.ts';
import { median, percentile } from './figures.ts';
import { printRatio } from './pairs.ts';
import { approvedSql } from './storm.ts';
import { startWork } from './work.ts';

const aSecond = 20;
const seconds = 20;
const grants = aSecond * seconds;

/**
 * Twenty grants of real logins end in each second for twenty seconds, beside a bare loop that removes as many in the same seconds.
 * Both wait for each second, so what is compared is how long they take for its twenty.
 */
export async function measureTwenty(engine: Engine): Promise<void> {
  using _workers = startWork(engine);
  const theirs = await bareSeconds(engine);
  const ours = await ourSeconds(engine);
  const row = (label: string, bySecond: Late) => {
    const late = bySecond.flat();
    console.log(
      `  ${label.padEnd(29)}late p50 ${median(late).toFixed(0)}, p99 ${percentile(late, 99).toFixed(0)}, worst ${Math.max(...late).toFixed(0)} ms; a second's twenty in ${median(bySecond.map(last)).toFixed(0)} ms`,
    );
  };
  row('seen gone, ours', ours);
  row('a bare loop', theirs);
  printRatio(
    "our rate ÷ the loop's",
    ours.map((late, second) => last(theirs[second] ?? []) / last(late)),
    { atLeast: 0.7 },
  );
}

/** Of each second, how many ms after it each was gone. */
type Late = readonly (readonly number[])[];
const last = (late: readonly number[]): number => Math.max(...late);

async function ourSeconds({ pool, work, queue }: Engine): Promise<Late> {
  await pool.query(approvedSql, ['twenty', grants]);
  while (((await pool.query(`select from grants where state = 'planned' limit 1`)).rowCount ?? 0) > 0) await work.give();
  const first = Math.ceil(Date.now() / 1000) + 3;
  const numbered = `select id, right_id, $1::float8 + (row_number() over (order by id) - 1) / $2::int as second from grants where state = 'active'`;
  await pool.query(
    `with n as (${numbered}), g as (update grants set granted_at = to_timestamp(n.second) - interval '1 hour', expires_at = to_timestamp(n.second)
       from n where grants.id = n.id)
     update rights set due_at = to_timestamp(n.second) from n where rights.id = n.right_id`,
    [first, aSecond],
  );
  await queue.wake(Array.from({ length: seconds }, (_, n) => ({ kind: 'due' as const, epochSecond: first + n })));
  while (((await pool.query(`select from grants where state = 'active' limit 1`)).rowCount ?? 0) > 0) await sleep(50);
  while (((await pool.query(`select from grants where state = 'ending' limit 1`)).rowCount ?? 0) > 0) await sleep(50);
  const { rows } = await pool.query<{ late: number; second: number }>(
    `select (extract(epoch from gone_at - end_at) * 1000)::float8 as late, extract(epoch from end_at)::float8 as second from grants where state = 'ended'`,
  );
  return Array.from({ length: seconds }, (_, n) => rows.filter(({ second }) => second === first + n).map(({ late }) => late));
}

async function bareSeconds({ sampleUrl }: Engine): Promise<Late> {
  const client = new pg.Client(sampleUrl);
  await client.connect();
  try {
    await client.query('create table if not exists public.bare_log (name text, at timestamptz)');
    await client.query(`do $$ begin for i in 1..${grants} loop
      execute format('create role %I login', 'slow' || i); execute format('grant readonly to %I', 'slow' || i); end loop; end $$`);
    const first = Math.ceil(Date.now() / 1000) + 1;
    const late: number[][] = Array.from({ length: seconds }, () => []);
    for (let i = 1; i <= grants; i++) {
      const second = Math.floor((i - 1) / aSecond);
      const due = (first + second) * 1000;
      await sleep(Math.max(0, due - Date.now()));
      await client.query('begin');
      await client.query(`revoke readonly from slow${i}`);
      await client.query(`drop owned by slow${i}`);
      await client.query(`drop role slow${i}`);
      await client.query('insert into public.bare_log values ($1, clock_timestamp())', [`slow${i}`]);
      await client.query('commit');
      late[second]?.push(Date.now() - due);
    }
    return late;
  } finally {
    await client.query('drop table if exists public.bare_log');
    await client.end();
  }
}
