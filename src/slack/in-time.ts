import { setTimeout as wait } from 'node:timers/promises';

/** Well below the three seconds within which Slack takes an answer. */
const patienceMs = 1_800;

/** What comes of the work, or undefined where it takes longer than Slack waits; it goes on all the same. */
export async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  const alarm = wait(patienceMs, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, alarm]);
  } finally {
    over.abort();
  }
}
