import type pg from 'pg';
import type { Log } from './app/ports.ts';
import { every } from './every.ts';
import { analyzeNew } from './store/analyze-new.ts';

const lookEveryMs = 5_000;

/** Nothing but speed depends on it. */
export function startAnalyzeWatch(pool: pg.Pool, log: Log): AsyncDisposable {
  const left = new Set<string>();
  const look = (): Promise<void> =>
    analyzeNew(pool, left).catch((error: unknown) =>
      log.warn(
        { err: error, left: [...left] },
        'a table that was never counted is left to autovacuum; statements about it may be slow until then',
      ),
    );
  return every(lookEveryMs, look);
}
