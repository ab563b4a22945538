import { pino } from 'pino';
import type { Log } from './app/ports.ts';

/** One JSON line per event on standard output. Fields that could hold a secret are cut out by name as well as by type (I13). */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['password', 'token', 'authorization', 'connectionString', '*.password', '*.token', '*.authorization', '*.connectionString'],
      censor: '[redacted]',
    },
  });
}
