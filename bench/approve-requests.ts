import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { encodeDecision } from '../blocks/wire.ts';
import { createRouter, pictureDigest } from '../src/app/routing.ts';
import { parseRequestId } from '../src/domain/ids.ts';
import { type Engine, org } from './engine.ts';
import { addressOf } from './slack-stub.ts';

/** What is not decided by then hangs. */
const patienceMs = 60_000;

const openSql = `with asker as (
    insert into people (org, id, email, canonical)
    select 'bench', gen_random_uuid(), name, name
    from (select 'clicked' || $1 || 'n' || n || '@example.com' as name from generate_series(1, $2::int) n) names returning id)
  insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named,
    created_at, approvable_until)
  select 'bench', gen_random_uuid(), id, id, 'sample', 'pg', 'role', 'readonly', 3600, true, now(), now() + interval '1 day' from asker
  returning id`;

/** Makes those who have these Slack accounts security reviewers, who may approve. */
export async function letApprove({ pool }: Engine, users: readonly string[]): Promise<void> {
  await pool.query(
    `insert into role_bindings (org, role, canonical, source) select $1, 'manager', name, 'configuration' from unnest($2::text[]) name
     on conflict do nothing`,
    [org, users.map(addressOf)],
  );
}

/** Requests that wait, written at once, of new people. Told is what their buttons say. `burst` is used once. */
export async function openRequests({ pool, store, deps }: Engine, burst: number, count: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(openSql, [String(burst), count]);
  const route = createRouter(deps.routing);
  return Promise.all(
    rows.map(async (row) => {
      const id = parseRequestId(row.id);
      const request = id === undefined ? undefined : await store.request(org, id);
      if (request === undefined) throw new Error('a request that was just written is not there');
      return encodeDecision(request.id, pictureDigest(request, await route(store, request)));
    }),
  );
}

/**
 * Waits until every request is approved, or whoever clicked was told why not, and puts the latter away. Looks over a
 * connection of its own: the clicks may have used up the pool. Returns how many were not approved.
 */
export async function settleAll({ url }: Engine, told: () => number): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const started = performance.now();
    for (;;) {
      const { rows } = await client.query<{ left: number }>(`select count(*)::int as left from requests where state = 'pending'`);
      const left = rows[0]?.left ?? 0;
      if (left <= told()) {
        await client.query(`update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`);
        return left;
      }
      if (performance.now() - started > patienceMs) throw new Error(`${left} clicks were never decided`);
      await sleep(50);
    }
  } finally {
    await client.end();
  }
}

/** Waits until all have come to access. `from` is a query of `id` and `at`. Returns when, ms since 1970, in their order. */
export async function whenAllGiven(pool: pg.Pool, from: string, ids: readonly string[]): Promise<readonly number[]> {
  const started = performance.now();
  for (;;) {
    const { rows } = await pool.query<{ at: number }>(
      `select (extract(epoch from g.at) * 1000)::float8 as at from unnest($1::uuid[]) with ordinality as i (id, n)
       join (${from}) g using (id) where g.at is not null order by n`,
      [ids],
    );
    if (rows.length === ids.length) return rows.map(({ at }) => at);
    if (performance.now() - started > patienceMs) throw new Error(`${rows.length} of ${ids.length} were given`);
    await sleep(50);
  }
}
