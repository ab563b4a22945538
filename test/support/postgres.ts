import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/sandbox/postgres/start.ts';

// provisional (lead): to be replaced by the helper that owns this file
let server: ReturnType<typeof startEmbeddedPostgres> | undefined;
export async function testDatabase() {
  server ??= startEmbeddedPostgres({ folder: mkdtempSync(path.join(tmpdir(), 'curfew-test-')), throwaway: true });
  const { adminUrl } = await server;
  const name = `t_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  return { url: adminUrl.replace(/\/postgres$/, `/${name}`), adminUrl, async [Symbol.asyncDispose]() {} };
}
