import { DEFAULT_SCHEMA, LATEST_SCHEMA_VERSION, MIGRATION_ADVISORY_LOCK_KEY, runMigrations } from 'bullmq';
import pg from 'pg';
import type { Log } from '../app/ports.ts';
import { schemaNames } from './schema-names.ts';

const statementTimeoutMs = 30_000;

const namesSql = `
  select relname::text as name from pg_class where relnamespace = to_regnamespace('${DEFAULT_SCHEMA}') and relkind in ('r', 'S')
  union select proname from pg_proc where pronamespace = to_regnamespace('${DEFAULT_SCHEMA}')`;

/**
 * Looks whether what BullMQ needs in the database is there, each time that the result is called, and makes all of it
 * anew where a part is gone. It holds wake-ups and nothing else, which the rows of rights and the outbox bring back.
 * What a newer release of BullMQ has made of it is left alone. The first time, before anything works with it, nothing is
 * there yet, or what an earlier release has made: that is migrated.
 */
export function createSchemaWatch(url: string, log: Log, connectionTimeoutMillis: number): () => Promise<void> {
  let isMigrated = false;
  return async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis, statement_timeout: statementTimeoutMs });
    // Told by the query that is under way, or by the next look.
    client.on('error', () => undefined);
    await client.connect();
    try {
      // Under an advisory lock in one transaction, so any number of processes may start together. It fails where something is
      // gone, which is seen below.
      if (!isMigrated) await runMigrations(client).catch(() => undefined);
      isMigrated = true;
      if (await isUsable(client)) return;
      log.error({}, 'tables of the queue are gone; they are made anew. Meanwhile the sweep did without');
      await makeAnew(client);
    } finally {
      await client.end();
    }
  };
}

async function makeAnew(client: pg.Client): Promise<void> {
  await client.query('begin');
  // The lock under which BullMQ migrates: another process may be at it, or have done it.
  await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [MIGRATION_ADVISORY_LOCK_KEY, DEFAULT_SCHEMA]);
  if (!(await isUsable(client))) await client.query(`drop schema if exists ${DEFAULT_SCHEMA} cascade`);
  await client.query('commit');
  await runMigrations(client);
}

async function isUsable(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ name: string }>(namesSql);
  const names = new Set(rows.map(({ name }) => name));
  if (!names.has('migration')) return false;
  const made = await client.query<{ version: number | null }>(`select max(version) as version from ${DEFAULT_SCHEMA}.migration`);
  const version = made.rows[0]?.version ?? 0;
  return version > LATEST_SCHEMA_VERSION || (version === LATEST_SCHEMA_VERSION && schemaNames.every((name) => names.has(name)));
}
