import type { Newer } from './app/newer-store.ts';
import type { Log } from './app/ports.ts';
import { every } from './every.ts';

const everyMs = 60_000;

/**
 * Says, now and every minute, what a newer release has left in the database that this one leaves alone (I17). During a
 * deploy it goes away by itself; where it stays after a step back to an older release, somebody has to look.
 */
export function startNewerWatch(readNewer: () => Promise<Newer>, log: Log): AsyncDisposable {
  const look = async (): Promise<void> => {
    try {
      const { isTooOld, rows } = await readNewer();
      if (isTooOld) log.error({}, 'a newer release says that this one is too old for the schema; it claims no rights any more');
      if (rows.length > 0) log.warn({ rows }, 'rows are in states that only a newer release knows; they are left as they are');
    } catch (error) {
      log.warn({ err: error }, 'it could not be looked up what is newer than this release; it is tried again in a minute');
    }
  };
  return every(everyMs, look);
}
