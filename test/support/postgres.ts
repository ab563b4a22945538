import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { withClient } from '../../src/sandbox/postgres/connect.ts';

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

/** A database of one's own on the run's PostgreSQL: `await using database = await testDatabase()`. */
export async function testDatabase(): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl');
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
