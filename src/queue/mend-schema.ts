import { DEFAULT_SCHEMA, LATEST_SCHEMA_VERSION, MIGRATION_ADVISORY_LOCK_KEY, runMigrations } from 'bullmq';
import pg from 'pg';
import type { Log } from '../app/ports.ts';

const statementTimeoutMs = 30_000;

const namesSql = `
  select relname::text as name from pg_class where relnamespace = to_regnamespace('${DEFAULT_SCHEMA}') and relkind in ('r', 'S')
  union select proname from pg_proc where pronamespace = to_regnamespace('${DEFAULT_SCHEMA}')`;

/**
 * Looks whether what BullMQ needs in the database is still there, each time that the result is called, and makes all of it
 * anew where a part is gone. It holds wake-ups and nothing else, which the rows of rights and the outbox bring back.
 * What a newer release of BullMQ has made of it is left alone.
 */
export function createSchemaWatch(url: string, log: Log, connectionTimeoutMillis: number): () => Promise<void> {
  let whole: readonly string[] | undefined;
  return async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis, statement_timeout: statementTimeoutMs });
    // Told by the query that is under way, or by the next look.
    client.on('error', () => undefined);
    await client.connect();
    try {
      const names = await readNames(client);
      whole ??= names;
      if (isWhole(whole, names)) return;
      log.error({}, 'tables of the queue are gone; they are made anew. Meanwhile the sweep did without');
      await makeAnew(client, whole);
    } finally {
      await client.end();
    }
  };
}

async function makeAnew(client: pg.Client, whole: readonly string[]): Promise<void> {
  await client.query('begin');
  // The lock under which BullMQ migrates: another process may be at it, or have done it.
  await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [MIGRATION_ADVISORY_LOCK_KEY, DEFAULT_SCHEMA]);
  if (!isWhole(whole, await readNames(client)) && !(await isNewer(client)))
    await client.query(`drop schema if exists ${DEFAULT_SCHEMA} cascade`);
  await client.query('commit');
  await runMigrations(client);
}

const isWhole = (whole: readonly string[], names: readonly string[]): boolean => whole.every((name) => names.includes(name));

async function readNames(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(namesSql);
  return rows.map(({ name }) => name);
}

async function isNewer(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ isThere: boolean }>(`select to_regclass('${DEFAULT_SCHEMA}.migration') is not null as "isThere"`);
  if (rows[0]?.isThere !== true) return false;
  const found = await client.query<{ version: number | null }>(`select max(version) as version from ${DEFAULT_SCHEMA}.migration`);
  return (found.rows[0]?.version ?? 0) > LATEST_SCHEMA_VERSION;
}
