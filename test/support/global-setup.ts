import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/sandbox/postgres/start.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's address at a database that tests leave alone. */
    postgresAdminUrl: string;
  }
}

/** One PostgreSQL for the whole run, removed at its end; or the one that TEST_DATABASE_URL names. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) {
    project.provide('postgresAdminUrl', given);
    return undefined;
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-test-'));
  const server = await startEmbeddedPostgres({ folder, throwaway: true, maxConnections: 400 });
  project.provide('postgresAdminUrl', server.adminUrl);
  return () => server.stop();
}
