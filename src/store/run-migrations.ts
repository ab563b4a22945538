import { setTimeout as sleep } from 'node:timers/promises';
import { type MigrationProvider, Migrator } from 'kysely/migration';
import type { Log } from '../app/ports.ts';
import type { Db } from './database.ts';

export type Patience = {
  /** There are tables that others work with. Where there are none, all is done at once. */
  readonly isInUse: boolean;
  /** How often a migration whose tables are in use is tried. */
  readonly tries: number;
  /** Between two tries; it doubles up to the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
};

/** About three minutes. Of every six seconds, whoever else wants the table waits half a second at most. */
const usual: Patience = { isInUse: true, tries: 40, firstPauseMs: 250, longestPauseMs: 5_000 };

/**
 * How long a migration may wait for a table that is in use. Everybody who comes after it waits as long: a lock that is
 * asked for stands in the way like one that is held.
 */
export const lockTimeoutMs = 500;

/**
 * Each migration in a transaction of its own, so that no table is locked for longer than its own change takes. What was done
 * stays done: a schema is of use to every release at each step.
 * @param db  its connections must have {@link lockTimeoutMs} as their `lock_timeout`
 * @throws where a migration is wrong, or its tables were in use all the time
 */
export async function runMigrations(db: Db, provider: MigrationProvider, log: Log, patience: Partial<Patience> = {}): Promise<void> {
  const { isInUse, tries, firstPauseMs, longestPauseMs } = { ...usual, ...patience };
  const migrator = new Migrator({ db, provider });
  for (let failed = 0; ; ) {
    const { error, results } = await (isInUse ? migrator.migrateUp() : migrator.migrateToLatest());
    if (error === undefined) {
      if (!isInUse || results === undefined || results.length === 0) return;
      failed = 0;
      continue;
    }
    const migration = results?.at(-1)?.migrationName ?? 'the table of the migrations';
    if (!isBusy(error)) throw error;
    failed += 1;
    if (failed >= tries)
      throw new Error(`${migration} could not be done: another transaction held its tables all the time. Nothing of it was done.`, {
        cause: error,
      });
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failed - 1));
    log.warn({ migration, failed, pauseMs }, 'tables that a migration changes are in use; it is tried again');
    await sleep(pauseMs);
  }
}

/** A lock that was not to be had in time, and a deadlock: nothing was done, and it can be tried again. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01');
}
