import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** Whoever comes while many do waits this much longer for messages, and not for their answer. */
const restMs = 25;

/**
 * Tells whoever listens to the outbox that something was committed. A NOTIFY inside a transaction makes commits wait for
 * each other, disk and all; so statements that are made often leave it out and call this afterwards. The first wakes at
 * once; what is committed shortly after it shares the next.
 */
export function createWakeRelay(pool: pg.Pool): () => void {
  let isWanted = false;
  let isSending = false;
  const send = async (): Promise<void> => {
    isSending = true;
    try {
      while (isWanted) {
        isWanted = false;
        await pool.query({ name: 'wake-relay', text: `select pg_notify('curfew_outbox', '')` });
        await sleep(restMs, undefined, { ref: false });
      }
    } finally {
      isSending = false;
    }
  };
  return () => {
    isWanted = true;
    // One that is lost costs a second at most: the relay also looks by the clock.
    if (!isSending) send().catch(() => undefined);
  };
}
