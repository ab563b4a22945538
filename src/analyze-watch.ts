import type pg from 'pg';
import type { Log } from './app/ports.ts';
import { every } from './every.ts';
import { analyzeNew } from './store/analyze-new.ts';

const lookEveryMs = 5_000;

/** Nothing but speed depends on it. */
export function startAnalyzeWatch(pool: pg.Pool, log: Log): AsyncDisposable {
  const left = new Set<string>();
  return every(lookEveryMs, async () => {
    const before = left.size;
    await analyzeNew(pool, left).catch((error: unknown) => log.warn({ err: error }, 'tables that were never counted could not be counted'));
    if (left.size > before)
      log.warn(
        { left: [...left] },
        'these tables were never counted, and are too large to be counted here: statements may be slow until autovacuum or `analyze` has counted them',
      );
  });
}
