import type pg from 'pg';
import type { Log } from './app/ports.ts';
import { every } from './every.ts';
import { analyzeNew } from './store/analyze-new.ts';

const lookEveryMs = 5_000;

/** Nothing but speed depends on it. */
export const startAnalyzeWatch = (pool: pg.Pool, log: Log): AsyncDisposable =>
  every(lookEveryMs, () => analyzeNew(pool).catch((error: unknown) => log.warn({ err: error }, 'new tables could not be counted')));
