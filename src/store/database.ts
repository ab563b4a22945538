import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { migrations } from './migrations/index.ts';
import type { Database } from './tables.ts';

export type Db = Kysely<Database>;

/** Connections to Curfew's own database. The owner closes it with `destroy()`. */
export function openDatabase(
  url: string,
  log: { error(fields: object, message: string): void },
  connections = 10,
): { db: Db; pool: pg.Pool } {
  const pool = new pg.Pool({ connectionString: url, max: connections, connectionTimeoutMillis: 10_000, application_name: 'curfew' });
  // An idle connection that breaks must not end the process; the next query takes a new one.
  pool.on('error', (error) => log.error({ err: error }, 'a database connection broke'));
  return { db: new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }), pool };
}

/** Brings the schema up to date. Safe where several processes start at once: kysely takes a lock. */
export async function migrate(db: Db): Promise<void> {
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  if (error !== undefined) throw error;
}

/** Is the database there, and of our schema? Throws where it is not. */
export async function ping(db: Db): Promise<void> {
  await sql`select 1 from requests limit 1`.execute(db);
}
