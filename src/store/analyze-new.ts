import type pg from 'pg';

/** From here on PostgreSQL stores how many organisations there are as a number, and not as a share of the rows that it saw. */
const enough = 10;

/**
 * Counts the tables that have rows and were never counted. Autovacuum begins at fifty rows and comes once a minute; until then "of this
 * organisation" passes for one row in two hundred, and joins by it are planned as though nothing else were there. After a restore, too.
 */
export async function analyzeNew(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
     where schemaname = current_schema() and n_live_tup > $1 and last_analyze is null and last_autoanalyze is null`,
    [enough],
  );
  // Another process may be at it.
  for (const { name } of rows) await pool.query(`analyze (skip_locked) ${name}`);
}
