import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Log } from '../app/ports.ts';
import { migrations } from './migrations/index.ts';
import { refuseTooOld } from './newer.ts';
import { preparing } from './prepared.ts';
import { renewPlans } from './renew-plans.ts';
import { lockTimeoutMs, type Patience, runMigrations } from './run-migrations.ts';
import type { Database } from './tables.ts';

export type Db = Kysely<Database>;

/** A database that vanished without a word, and a process that froze inside a transaction, must not hold anybody for long. */
const limits = {
  keepAlive: true,
  connectionTimeoutMillis: 10_000,
  query_timeout: 15_000,
  // Sooner than we stop waiting: what nobody waits for would go on there, with its locks, and whoever gets its connection waits behind it.
  statement_timeout: 14_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;

/** Connections to Curfew's own database. The owner closes it with `db.destroy()`. */
export function openDatabase(url: string, log: Log, { max = 10, name = 'curfew' } = {}): { db: Db; pool: pg.Pool } {
  const pool = openPool({ ...limits, connectionString: url, max, application_name: name }, log);
  return { db: new Kysely<Database>({ dialect: new PostgresDialect({ pool: preparing(pool) }) }), pool };
}

/**
 * A pool that only one lane of rights uses: no crowd of requests can keep an expiry waiting for a connection (I16), nor what was approved.
 * Its connections stay, with what was prepared on them, and its few statements are planned without their values: for a large batch PostgreSQL
 * would rather read the whole table of rights through, and planning takes as long as taking a hundred rights.
 */
export const openLane = (url: string, log: Log, lane: 'removals' | 'gives'): pg.Pool =>
  openPool(
    {
      ...limits,
      connectionString: url,
      max: 3,
      idleTimeoutMillis: 0,
      application_name: `curfew ${lane}`,
      // Before the connection is given to anybody.
      verify: (client, done) => client.query('set plan_cache_mode = force_generic_plan', (error?: Error) => done(error)),
    },
    log,
  );

function openPool(options: pg.PoolConfig, log: Log): pg.Pool {
  const pool = new pg.Pool(options);
  renewPlans(pool);
  // One that breaks while somebody holds it between two statements: they learn of it with the next one. Without a listener it ends the process.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  // An idle connection that breaks must not end the process; the next query takes a new one.
  pool.on('error', (error) => {
    // While closing, the server may be quicker to end a connection than we are.
    if (!pool.ending) log.error({ err: error }, 'a database connection broke');
  });
  return pool;
}

/**
 * Brings the schema up to date. Safe where several processes start at once: kysely takes a lock. It may take its time, and
 * holds nobody else up meanwhile.
 * A schema that a newer release has brought further is left alone: releases run side by side (I17).
 * @throws where tables are in use for too long, and where a newer release says that this one must not touch its rows any more
 */
export async function migrate(url: string, log: Log, patience?: Partial<Patience>): Promise<void> {
  const pool = openPool({ connectionString: url, max: 2, application_name: 'curfew migrations', lock_timeout: lockTimeoutMs }, log);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    const done = await readDone(db);
    const newer = findNewer(done);
    if (newer.length > 0) {
      await refuseTooOld(db);
      return log.info({ newer }, 'the schema belongs to a newer release, and is left as it is');
    }
    await runMigrations(db, { getMigrations: async () => migrations }, log, { isInUse: done.length > 0, ...patience });
  } finally {
    await db.destroy();
  }
}

/** The names of what was done to the schema; empty where there is none yet. */
async function readDone(db: Db): Promise<readonly string[]> {
  const { rows: tables } =
    await sql`select from information_schema.tables where table_schema = current_schema() and table_name = 'kysely_migration'`.execute(db);
  if (tables.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return rows.map(({ name }) => name);
}

/** What was done that we know nothing of, where all that we know was done too. */
function findNewer(done: readonly string[]): readonly string[] {
  const isWhole = Object.keys(migrations).every((name) => done.includes(name));
  return isWhole ? done.filter((name) => !(name in migrations)) : [];
}

/** Is the database there, and of a schema that this release may work on? Throws where it is not. */
export async function ping(db: Db): Promise<void> {
  await sql`select 1 from requests limit 1`.execute(db);
  await refuseTooOld(db);
}
