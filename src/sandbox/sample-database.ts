import type pg from 'pg';
import { closeToPublic, ensureDatabase, withClient } from './postgres/connect.ts';
import { sampleTables } from './sample-tables.ts';

/** What may be asked for in the sample. Nobody logs in as these: people become members. */
const roles = {
  readonly: { tables: 'select', sequences: undefined },
  readwrite: { tables: 'select, insert, update, delete', sequences: 'usage, select' },
} as const;

async function ensureRole(admin: pg.Client, name: string): Promise<void> {
  const role = admin.escapeIdentifier(name);
  const found = await admin.query('select from pg_roles where rolname = $1', [name]);
  await admin.query(`${found.rowCount === 0 ? 'create' : 'alter'} role ${role} nologin`);
}

async function grantRights(sample: pg.Client, database: string): Promise<void> {
  for (const [name, rights] of Object.entries(roles)) {
    const role = sample.escapeIdentifier(name);
    await sample.query(`grant connect on database ${sample.escapeIdentifier(database)} to ${role}`);
    await sample.query(`grant usage on schema public to ${role}`);
    await sample.query(`grant ${rights.tables} on all tables in schema public to ${role}`);
    await sample.query(`alter default privileges in schema public grant ${rights.tables} on tables to ${role}`);
    if (rights.sequences === undefined) continue;
    await sample.query(`grant ${rights.sequences} on all sequences in schema public to ${role}`);
    await sample.query(`alter default privileges in schema public grant ${rights.sequences} on sequences to ${role}`);
  }
}

async function ensureTables(sample: pg.Client): Promise<void> {
  const { rows } = await sample.query(`select to_regclass('public.customers') is null as missing`);
  if (rows[0]?.missing === true) await sample.query(sampleTables);
}

/**
 * A target to be granted access to: a database with a small shop and the roles `readonly` and `readwrite`.
 * Only members of a role may connect to it. Safe to repeat.
 * @param adminUrl  a superuser's address at another database of the server
 * @returns the superuser's address at the sample
 */
export async function prepareSampleDatabase(adminUrl: string, database = 'sample'): Promise<{ url: string }> {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  await withClient(adminUrl, async (admin) => {
    // Held until this connection ends: two instances would make the same roles.
    await admin.query(`select pg_advisory_lock(hashtext('curfew-sample'))`);
    await ensureDatabase(admin, database);
    await closeToPublic(admin, database);
    for (const name of Object.keys(roles)) await ensureRole(admin, name);
    await withClient(url.href, async (sample) => {
      await sample.query('begin');
      await ensureTables(sample);
      await grantRights(sample, database);
      await sample.query('commit');
    });
  });
  return { url: url.href };
}
