import pg from 'pg';
import { errorCode } from './start-problem.ts';

export const urlFor = (password: string, port: number, database: string): string =>
  `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

/** One connection for the length of `work`. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks also fails the query that waits for it; unheard, the event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @returns undefined when the server answers, else why it does not. */
export async function whyNoAnswer(url: string): Promise<Error | undefined> {
  try {
    await withClient(url, (client) => client.query('select 1'));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Makes a database unless it is there. Races with another instance are fine. */
export async function ensureDatabase(client: pg.Client, name: string): Promise<void> {
  const found = await client.query('select from pg_database where datname = $1', [name]);
  if (found.rowCount !== 0) return;
  try {
    await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    // duplicate_database, or the unique index when both were inside at once
    if (!['42P04', '23505'].includes(errorCode(error) ?? '')) throw error;
  }
}

/** By default every login may connect to every database, and make temporary tables there. */
export async function closeToPublic(client: pg.Client, database: string): Promise<void> {
  await client.query(`revoke connect, temporary on database ${client.escapeIdentifier(database)} from public`);
}
