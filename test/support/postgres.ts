import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/sandbox/postgres/start.ts';

export type TestDatabase = {
  /** A new, empty database, as superuser. */
  readonly url: string;
  /** Another database of the same server, as superuser. Roles and settings are the server's: give them names of your own. */
  readonly adminUrl: string;
  /** Drops the database, with whatever is still connected to it. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** A name that no other test has: for roles, logins and databases, which all tests share. */
export const uniqueName = (prefix: string): string => `${prefix}_${randomBytes(5).toString('hex')}`;

/** The same server and user, another database. */
export function inDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}

// provisional, until vitest.config.ts names the global setup: one server for each test file
let started: Promise<EmbeddedPostgres> | undefined;
async function serverOfThisFile(): Promise<string> {
  const folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'curfew-test-')), 'postgres');
  started ??= startEmbeddedPostgres({ folder, throwaway: true });
  return (await started).adminUrl;
}

/** A database of one's own on the run's PostgreSQL: `await using database = await testDatabase()`. */
export async function testDatabase(): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl') ?? (await serverOfThisFile());
  const name = uniqueName('test');
  await withClient(adminUrl, (client) => client.query(`create database ${pg.escapeIdentifier(name)}`));
  return {
    url: inDatabase(adminUrl, name),
    adminUrl,
    async [Symbol.asyncDispose]() {
      await withClient(adminUrl, (client) => client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`));
    },
  };
}
