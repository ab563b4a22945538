import type pg from 'pg';

/** With fewer rows PostgreSQL stores how many organisations there are as a share of the rows that it saw, and not as a number. */
const enough = 11;
/** All tables of a turn together. What takes longer is left to autovacuum. */
const usualPatienceMs = 2_000;

/**
 * Counts tables that have rows and were never counted, the smallest first. Autovacuum begins at fifty rows and comes once a minute; until
 * then "of this organisation" passes for one row in two hundred, and joins by it are planned as though nothing else were there.
 * @param left  tables that are left to autovacuum, because counting them took too long; they are added here
 */
export async function analyzeNew(pool: pg.Pool, left: Set<string>, patienceMs = usualPatienceMs): Promise<void> {
  // By what is stored of its rows, not by when they were counted last: that is forgotten by a crash, and by a switch to a replica.
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', s.schemaname, s.relname) as name from pg_stat_user_tables s join pg_class c on c.oid = s.relid
     where s.schemaname = current_schema() and greatest(s.n_live_tup, c.reltuples) >= $1 and pg_has_role(c.relowner, 'usage')
       and not exists (select from pg_stats p where p.schemaname = s.schemaname and p.tablename = s.relname)
     order by c.relpages, 1`,
    [enough],
  );
  const untilMs = performance.now() + patienceMs;
  for (const { name } of rows.filter((each) => !left.has(each.name))) {
    const leftMs = Math.floor(untilMs - performance.now());
    if (leftMs <= 0) return;
    if (!(await analyzeWithin(pool, name, leftMs))) left.add(name);
  }
}

/** False: it took longer. */
async function analyzeWithin(pool: pg.Pool, name: string, ms: number): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query(`begin; set local statement_timeout = ${ms}`);
    // Another process may be at it.
    await client.query(`analyze (skip_locked) ${name}`);
    await client.query('commit');
    client.release();
    return true;
  } catch (error) {
    client.release(true);
    if (error instanceof Error && 'code' in error && error.code === '57014') return false;
    throw error;
  }
}
