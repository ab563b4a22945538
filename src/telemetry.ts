import { pino } from 'pino';
import type { Log } from './app/ports.ts';

/** One JSON line per event on standard output. Fields that could hold a secret are cut out by name as well as by type (I13). */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Libraries hang whole connections on their errors; only what a reader needs is written down.
    serializers: { err: describeError },
    redact: {
      paths: ['password', 'token', 'authorization', 'connectionString', '*.password', '*.token', '*.authorization', '*.connectionString'],
      censor: '[redacted]',
    },
  });
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}
