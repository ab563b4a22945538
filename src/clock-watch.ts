import type { Log } from './app/ports.ts';
import { largestSkewMs, measureSkewMs } from './metrics/check-clock.ts';
import { every } from './every.ts';

const everyMs = 60_000;

/**
 * Compares this process' clock with the database's, now and every minute (I15). The database's decides what is due, so a
 * clock that is off revokes nothing late; but alarms ring at the wrong moment, logs mislead, and tokens seem expired.
 */
export function startClockWatch(options: {
  readonly databaseNow: () => Promise<number>;
  readonly nowMs: () => number;
  readonly log: Log;
}): { skewSeconds(): number } & AsyncDisposable {
  const { databaseNow, nowMs, log } = options;
  let skewMs = 0;
  const compare = async (): Promise<void> => {
    try {
      skewMs = await measureSkewMs(databaseNow, nowMs);
      if (Math.abs(skewMs) > largestSkewMs)
        log.error({ skewMs }, "this process' clock and the database's are too far apart: set one of them");
    } catch (error) {
      log.warn({ err: error }, 'the clocks could not be compared; it is tried again in a minute');
    }
  };
  const comparing = every(everyMs, compare);
  return { skewSeconds: () => skewMs / 1000, [Symbol.asyncDispose]: () => comparing[Symbol.asyncDispose]() };
}
