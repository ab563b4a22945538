import { readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { runMigrations } from '../../src/store/run-migrations.ts';
import { callDeadlineMs, landingMs, leaseMs } from '../../src/domain/right.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** By the number of its newest migration: the name of that, and what its statements want beside what all of them do. */
type EarlierRelease = {
  readonly number: string;
  readonly newest: string;
  readonly claims: readonly unknown[];
  readonly settles: (desired: 'absent' | 'present') => readonly unknown[];
};

/** Releases that may run beside this one. Their statements are in `test/fixtures`, as they were. */
export const earlierReleases: readonly EarlierRelease[] = [
  { number: '0031', newest: '0031-next-groups', claims: [], settles: () => [] },
  { number: '0050', newest: '0050-newer-releases', claims: [50, ['sample']], settles: () => [] },
  {
    number: '0068',
    newest: '0068-identities-by-person',
    claims: [68, ['sample']],
    settles: (desired) => [[JSON.stringify({ seen: desired })], [false]],
  },
];

const fixture = (release: EarlierRelease, name: string): string =>
  readFileSync(path.resolve(import.meta.dirname, `../fixtures/release-${release.number}`, name), 'utf8');

/** The schema as the release had it whose newest migration this was: released migrations are never edited. */
export async function earlierSchema(url: string, newest: string): Promise<void> {
  const { db } = openDatabase(url, quiet, { max: 2 });
  const known = Object.fromEntries(Object.entries(migrations).filter(([name]) => name <= newest));
  await runMigrations(db, { getMigrations: async () => known }, quiet, { isInUse: false });
  await db.destroy();
}

const ids = { bob: '01938a00-0000-7000-8000-0000000000b0', erin: '01938a00-0000-7000-8000-0000000000e0' };

/** A request with its grant, by the columns that the earliest of the releases fills. `expires`: an interval from now. */
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

export type EarlierWorker = {
  claim(lane: 'give' | 'take'): Promise<readonly OldClaim[]>;
  /** Calls the target, which does all that is wanted, and writes it back. */
  settle(claims: readonly OldClaim[]): Promise<void>;
  /** Both. Returns how many it has looked at. */
  work(lane: 'give' | 'take'): Promise<number>;
};

/** A worker of an earlier release, with its own statements. `held`: what is at the target. */
export function earlierWorker(release: EarlierRelease, pool: pg.Pool, held: Set<string>): EarlierWorker {
  const name = `worker of ${release.number}`;
  const worker: EarlierWorker = {
    claim: async (lane) =>
      (await pool.query<OldClaim>(fixture(release, 'claim.sql'), [lane, 500, name, landingMs, leaseMs, callDeadlineMs, ...release.claims]))
        .rows,
    async settle(claims) {
      for (const { org, id, fence, generation, account, resource, until } of claims) {
        const desired = until === null ? 'absent' : 'present';
        const key = `${account}:${resource}`;
        if (desired === 'present')
          await pool.query(`update rights set baseline = $5 where org = $1 and id = $2 and lease_owner = $3 and fence = $4`, [
            org,
            id,
            name,
            fence,
            held.has(key) ? 'present' : 'absent',
          ]);
        if (desired === 'present') held.add(key);
        else held.delete(key);
        const one = [[org], [id], [fence], [generation], [desired], [desired], [null], [null], [0], [null], [0], [false]];
        await pool.query(fixture(release, 'settle.sql'), [name, ...one, ...release.settles(desired)]);
      }
    },
    async work(lane) {
      const claims = await worker.claim(lane);
      await worker.settle(claims);
      return claims.length;
    },
  };
  return worker;
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
