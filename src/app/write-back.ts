import { leaseMs } from '../domain/right.ts';
import type { Hands } from './act-on-rights.ts';
import type { Aftermath, Settlement } from './store.ts';

/** Before each further try. The first is at once: a connection that broke is replaced by another. */
const pausesMs = [0, 200, 1_000, 3_000];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Writes back what came of claims, and again where that fails and the lease lasts: until it has run out nobody else may look at the
 * right, so access that is gone already would be told as there. A write-back that did arrive, and whose answer got lost, took the lease
 * with it: the next one finds nothing to write, and its alarms and figures are missed (the sweep does without them). So does one that
 * comes after others have claimed the right: they have raised its fence. `claimedAtMs` is of the monotonic clock.
 * @throws what the last try met; the rights come again when their lease has run out.
 */
export async function writeBack(
  { store, log, monotonicMs }: Pick<Hands, 'store' | 'log' | 'monotonicMs'>,
  settlements: readonly Settlement[],
  claimedAtMs: number,
): Promise<Aftermath> {
  for (const pauseMs of pausesMs) {
    try {
      return await store.settle(settlements);
    } catch (error) {
      // By then somebody else may have them. What took so long that it was cut off is not begun again either.
      if (monotonicMs() - claimedAtMs + pauseMs >= leaseMs) throw error;
      log.warn({ err: error, rights: settlements.length }, 'a write-back of what came of calls failed; it is made again');
      await pause(pauseMs);
    }
  }
  return store.settle(settlements);
}
