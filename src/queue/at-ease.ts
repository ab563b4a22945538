import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendFactory, IQueueBackend } from 'bullmq';

/** After a job could not be fetched. */
const pauseMs = 1_000;

/**
 * A worker of BullMQ that is told that there is no job to be had (a table that is gone, a Redis that is full) asks again
 * at once, as fast as the processor can, and leaves nothing of it to whatever else the process does. Here it pauses.
 */
export function atEase<C>(factory: BackendFactory<IQueueBackend, C>): BackendFactory<IQueueBackend, C> {
  return (...parts) => {
    const backend = factory(...parts);
    const fetch = backend.moveToActive.bind(backend);
    backend.moveToActive = async (...args) => {
      try {
        return await fetch(...args);
      } catch (error) {
        await sleep(pauseMs, undefined, { ref: false });
        throw error;
      }
    };
    return backend;
  };
}
