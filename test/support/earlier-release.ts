import { readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { runMigrations } from '../../src/store/run-migrations.ts';
import { callDeadlineMs, landingMs, leaseMs } from '../../src/domain/right.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const fixture = (name: string): string => readFileSync(path.resolve(import.meta.dirname, '../fixtures/release-0031', name), 'utf8');

/** The schema as the release had it whose newest migration this was: released migrations are never edited. */
export async function earlierSchema(url: string, newest: string): Promise<void> {
  const { db } = openDatabase(url, quiet, 2);
  const known = Object.fromEntries(Object.entries(migrations).filter(([name]) => name <= newest));
  await runMigrations(db, { getMigrations: async () => known }, quiet, { isInUse: false });
  await db.destroy();
}

const ids = { bob: '01938a00-0000-7000-8000-0000000000b0', erin: '01938a00-0000-7000-8000-0000000000e0' };

/** A request with its grant, by the columns that release 0031 fills. `expires`: an interval from now. */
export async function earlierGrant(
  client: Pick<pg.Client, 'query'>,
  grant: { who: keyof typeof ids; resource: string; state: 'active' | 'planned'; expires: string },
): Promise<string> {
  const person = ids[grant.who];
  const isActive = grant.state === 'active';
  await client.query(
    `insert into people (org, id, email, canonical) values ('demo', $1, $2 || '@example.com', $2 || '@example.com') on conflict do nothing`,
    [person, grant.who],
  );
  await client.query(
    `insert into accounts (org, integration, account, person_id) values ('demo', 'sample', $2, $1) on conflict do nothing`,
    [person, grant.who],
  );
  const { rows } = await client.query<{ request_id: string }>(
    `with q as (
      insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, reason, asked_seconds, duration_named,
        created_at, approvable_until, key_makers, state, decided_at, decided_policy, decided_seconds)
      values ('demo', gen_random_uuid(), $1, $1, 'sample', 'pg', 'role', $3, 'look', 3600, true, now() - interval '30 minutes',
        now() + interval '1 day', '{}', 'approved', now() - interval '20 minutes', 'a policy', 3600) returning org, id),
    r as (
      insert into rights (org, id, integration, service, access_type, resource, person_id, account, lane, due_at, observed, baseline, settled_for)
      values ('demo', gen_random_uuid(), 'sample', 'pg', 'role', $3, $1, $2, case when $4 then 'take' else 'give' end,
        case when $4 then now() + $5::interval else now() end, case when $4 then 'present' else 'unknown' end,
        case when $4 then 'absent' end, case when $4 then 'present' end)
      returning org, id)
    insert into grants (org, id, request_id, right_id, seconds, standing, state, latest_end, provision_until, granted_at, expires_at)
    select q.org, gen_random_uuid(), q.id, r.id, 3600, false, case when $4 then 'active' else 'planned' end, now() + interval '2 hours',
      now() + interval '1 minute', case when $4 then now() + $5::interval - interval '10 minutes' end, case when $4 then now() + $5::interval end
    from q, r returning request_id`,
    [person, grant.who, grant.resource, isActive, grant.expires],
  );
  return rows[0]?.request_id ?? '';
}

type OldClaim = { org: string; id: string; fence: string; generation: string; account: string; resource: string; until: Date | null };

/** A worker of release 0031, with its own statements, for which every call succeeds. Returns what it has looked at. */
export async function earlierWorker(pool: pg.Pool, held: Set<string>, lane: 'give' | 'take'): Promise<number> {
  const { rows } = await pool.query<OldClaim>(fixture('claim.sql'), [lane, 500, 'worker of 0031', landingMs, leaseMs, callDeadlineMs]);
  for (const row of rows) {
    const desired = row.until === null ? 'absent' : 'present';
    const key = `${row.account}:${row.resource}`;
    if (desired === 'present')
      await pool.query(`update rights set baseline = $5 where org = $1 and id = $2 and lease_owner = $3 and fence = $4`, [
        row.org,
        row.id,
        'worker of 0031',
        row.fence,
        'absent',
      ]);
    if (desired === 'present') held.add(key);
    else held.delete(key);
    const one = [[row.org], [row.id], [row.fence], [row.generation], [desired], [desired], [null], [null], [0], [null], [0], [false]];
    await pool.query(fixture('settle.sql'), ['worker of 0031', ...one]);
  }
  return rows.length;
}

/** A transaction that goes on until it is ended. */
export async function longTransaction(url: string, statement: string): Promise<{ end(): Promise<void> }> {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const whole = withClient(url, async (client) => {
    await client.query('begin');
    await client.query(statement);
    begun.resolve();
    await over.promise;
    await client.query('commit');
  });
  await Promise.race([begun.promise, whole]);
  return {
    async end() {
      over.resolve();
      await whole;
    },
  };
}
