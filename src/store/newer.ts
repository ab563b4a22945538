import { sql } from 'kysely';
import type { Newer } from '../app/newer-store.ts';
import type { Db } from './database.ts';
import { observedCheck, strange } from './known.ts';
import { migrations } from './migrations/index.ts';

/** By its number a release is known to the database. */
export const newestMigration = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)));

/** @throws where a newer release has said that processes of this one must not work on its rows */
export async function refuseTooOld(db: Db): Promise<void> {
  const { rows } = await sql<{ migration: number }>`select migration from schema_min`.execute(db);
  const least = rows[0]?.migration ?? 0;
  if (least > newestMigration)
    throw new Error(`the schema is of a newer release and wants processes that know migration ${least}; this one knows ${newestMigration}`);
}

/**
 * Whether something may have been observed that is not known here. It is in no index, since each claim changes it; rights are only
 * read through for it where the check on it is not ours any more.
 */
const maybeObserved = sql`not exists (select from pg_constraint where conrelid = 'rights'::regclass and conname = 'rights_observed_check'
  and convalidated and pg_get_constraintdef(oid) = ${observedCheck})`;

/** What only a newer release knows. The indexes of those rows are empty where there are none. */
export async function readNewer(db: Db): Promise<Newer> {
  const { rows } = await sql<{ migration: number; rows: Newer['rows'] }>`select
    (select migration from schema_min) as migration,
    (select coalesce(json_agg(json_build_object('table', s.name, 'state', s.state, 'count', s.count) order by s.name, s.state), '[]') from (
      select 'grants' as name, concat_ws(' ', g.state, g.end_kind, g.left_in_place) as state, count(*)::int as count from grants g
        where ${sql.raw(strange.grant)} group by 2
      union all select 'requests', q.state, count(*)::int from requests q where ${sql.raw(strange.request)} group by 2
      union all select 'rights', concat_ws(' ', observed, baseline, lane), count(*)::int from rights where ${sql.raw(strange.rightPlaced)} group by 2
      union all select 'rights', concat_ws(' ', observed, baseline, lane), count(*)::int from rights
        where ${maybeObserved} and (${sql.raw(strange.right)}) and (${sql.raw(strange.rightPlaced)}) is not true group by 2
      union all select 'outbox', kind, count(*)::int from outbox where ${sql.raw(strange.outbox)} group by 2) s) as rows`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not say what is newer');
  return { isTooOld: row.migration > newestMigration, rows: row.rows };
}
