import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import type { Log } from '../app/ports.ts';
import { migrations } from './migrations/index.ts';
import type { Database } from './tables.ts';

export type Db = Kysely<Database>;

/** A database that vanished without a word, and a process that froze inside a transaction, must not hold anybody for long. */
const limits = {
  keepAlive: true,
  connectionTimeoutMillis: 10_000,
  query_timeout: 15_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;

/** Connections to Curfew's own database. The owner closes it with `db.destroy()`. */
export function openDatabase(url: string, log: Log, connections = 10): { db: Db; pool: pg.Pool } {
  const pool = openPool({ ...limits, connectionString: url, max: connections, application_name: 'curfew' }, log);
  return { db: new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }), pool };
}

/** A pool that only removals use: no crowd of requests can keep an expiry waiting for a connection (I16). */
export const openRemovals = (url: string, log: Log): pg.Pool =>
  openPool({ ...limits, connectionString: url, max: 3, application_name: 'curfew removals' }, log);

function openPool(options: pg.PoolConfig, log: Log): pg.Pool {
  const pool = new pg.Pool(options);
  // An idle connection that breaks must not end the process; the next query takes a new one.
  pool.on('error', (error) => {
    // While closing, the server may be quicker to end a connection than we are.
    if (!pool.ending) log.error({ err: error }, 'a database connection broke');
  });
  return pool;
}

/**
 * Brings the schema up to date. Safe where several processes start at once: kysely takes a lock. It may take its time.
 * A schema that a newer release has brought further is left alone: releases run side by side (I17).
 */
export async function migrate(url: string, log: Log): Promise<void> {
  const pool = openPool({ connectionString: url, max: 2, application_name: 'curfew migrations' }, log);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    const newer = await findNewer(db);
    if (newer.length > 0) return log.info({ newer }, 'the schema belongs to a newer release, and is left as it is');
    const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
    if (error !== undefined) throw error;
  } finally {
    await db.destroy();
  }
}

/** What was done to the schema that we know nothing of, where all that we know was done too. */
async function findNewer(db: Db): Promise<readonly string[]> {
  const { rows: tables } =
    await sql`select from information_schema.tables where table_schema = current_schema() and table_name = 'kysely_migration'`.execute(db);
  if (tables.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const done = new Set(rows.map(({ name }) => name));
  const isWhole = Object.keys(migrations).every((name) => done.has(name));
  return isWhole ? [...done].filter((name) => !(name in migrations)) : [];
}

/** Is the database there, and of our schema? Throws where it is not. */
export async function ping(db: Db): Promise<void> {
  await sql`select 1 from requests limit 1`.execute(db);
}
