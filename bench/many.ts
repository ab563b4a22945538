import pg from 'pg';
import { type Engine, org } from './engine.ts';
import { approvedSql } from './storm.ts';

/** `first`: epoch second in which the first ends; after each `together` of them it is `every` seconds later. */
export type Ends = { readonly first: number; readonly together: number; readonly every: number };

/**
 * Gives many grants, whose tag is used once. One is given as all are, the others are copies of what it came to, and like it end
 * in an hour or so unless told when.
 */
export async function giveMany({ url, pool, work }: Pick<Engine, 'url' | 'pool' | 'work'>, tag: string, count: number, ends?: Ends) {
  await pool.query(approvedSql, [tag, 1]);
  while (((await pool.query(`select from grants where state = 'planned'`)).rowCount ?? 0) > 0) await work.give();
  await patiently(url, async (client) => {
    await client.query(copySql, [org, tag, count - 1, ends?.first ?? null, ends?.together ?? 1, ends?.every ?? 0]);
    if (ends !== undefined) await endModel(client, tag, ends.first);
    for (const table of ['rights', 'grants', 'requests', 'people', 'accounts']) await client.query(`vacuum analyze ${table}`);
  });
}

/** Gives grants that all end in the second that is returned, beside whatever there is, with an alarm for it. */
export async function giveStorm(engine: Engine, tag: string, count: number): Promise<number> {
  const second = Math.ceil(Date.now() / 1000) + 20 + Math.ceil(count / 1_000);
  await giveMany(engine, tag, count, { first: second, together: count, every: 0 });
  if (Date.now() >= second * 1000) throw new Error('this machine was too slow to give them before their end');
  await engine.queue.wake([{ kind: 'due', epochSecond: second }]);
  return second;
}

/** Over a month from in two hours on: none of them ends while something is measured. */
export const pendingEnds = (count: number): Ends => ({
  first: Math.ceil(Date.now() / 1000) + 7_200,
  together: 1,
  every: (30 * 86_400) / count,
});

/** The engine's own connections give up long before so much is written. */
export async function patiently<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const copySql = `
with model as (select g, r, q, p from people p join requests q on q.org = p.org and q.principal_id = p.id
  join grants g on g.org = q.org and g.request_id = q.id join rights r on r.org = g.org and r.id = g.right_id
  where p.org = $1 and p.canonical = 's' || $2 || 'n1@example.com'),
names as materialized (select gen_random_uuid() as person, gen_random_uuid() as held, gen_random_uuid() as request, gen_random_uuid() as given,
  'c' || $2 || 'n' || n as account, to_timestamp(floor($4::float8 + $6::float8 * (n / $5::int))) as ends from generate_series(1, $3::int) n),
people_made as (insert into people select made.* from model, names, jsonb_populate_record(model.p, jsonb_build_object('id', person,
  'email', account || '@example.com', 'canonical', account || '@example.com')) made),
accounts_made as (insert into accounts (org, integration, account, person_id) select $1, 'sample', account, person from names),
rights_made as (insert into rights select made.* from model, names, jsonb_populate_record(model.r, jsonb_build_object('id', held,
  'person_id', person, 'account', account, 'due_at', coalesce(ends, (model.r).due_at))) made),
requests_made as (insert into requests select made.* from model, names, jsonb_populate_record(model.q, jsonb_build_object('id', request,
  'requestor_id', person, 'principal_id', person)) made)
insert into grants select made.* from model, names, jsonb_populate_record(model.g, jsonb_build_object('id', given, 'request_id', request,
  'right_id', held, 'granted_at', coalesce(ends - interval '1 hour', (model.g).granted_at), 'expires_at', coalesce(ends, (model.g).expires_at),
  'latest_end', greatest(ends, (model.g).latest_end))) made`;

async function endModel(client: pg.Client, tag: string, second: number): Promise<void> {
  await client.query(
    `with g as (update grants g set granted_at = to_timestamp($2) - interval '1 hour', expires_at = to_timestamp($2),
         latest_end = greatest(latest_end, to_timestamp($2))
       from requests q join people p on p.org = q.org and p.id = q.principal_id
       where q.org = g.org and q.id = g.request_id and p.canonical = 's' || $1 || 'n1@example.com' returning g.org, g.right_id)
     update rights r set due_at = to_timestamp($2) from g where r.org = g.org and r.id = g.right_id`,
    [tag, second],
  );
}
