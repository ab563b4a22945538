import { type Logger, LogLevel } from '@slack/bolt';
import type { Log } from '../app/ports.ts';

const said = (parts: readonly unknown[]): string => parts.map(String).join(' ');

/** Our log for Bolt. Its debug lines carry whole payloads, so they are never asked for. */
export const boltLog = (log: Log): Logger => ({
  debug() {},
  info: (...parts: unknown[]) => log.info({ from: 'bolt' }, said(parts)),
  warn: (...parts: unknown[]) => log.warn({ from: 'bolt' }, said(parts)),
  error: (...parts: unknown[]) => log.error({ from: 'bolt' }, said(parts)),
  setLevel() {},
  getLevel: () => LogLevel.INFO,
  setName() {},
});
