import { leaseMs } from '../domain/right.ts';
import type { Hands } from './act-on-rights.ts';
import type { Aftermath, Settlement } from './store.ts';

/** Before each further try. The first is at once: a connection that broke is replaced by another. */
const pausesMs = [0, 200, 1_000, 3_000];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Writes back what came of claims, and again where that fails: until the lease has run out nobody else may look at the right, so access
 * that is gone already would be told as there. A write-back that did arrive, and whose answer got lost, took the lease with it: the next
 * one finds nothing to write. So does one that comes after others have claimed the right: they have raised its fence.
 * @throws what the last try met; the rights come again when their lease has run out.
 */
export async function writeBack(
  { store, log, monotonicMs }: Pick<Hands, 'store' | 'log' | 'monotonicMs'>,
  settlements: readonly Settlement[],
): Promise<Aftermath> {
  const startedMs = monotonicMs();
  for (const pauseMs of pausesMs) {
    try {
      return await store.settle(settlements);
    } catch (error) {
      // By then somebody else has them.
      if (monotonicMs() - startedMs + pauseMs > leaseMs) throw error;
      log.warn({ err: error, rights: settlements.length }, 'what came of calls could not be written down; it is tried again');
      await pause(pauseMs);
    }
  }
  return store.settle(settlements);
}
