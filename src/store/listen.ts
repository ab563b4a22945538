import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../app/ports.ts';

const reconnectMs = 1_000;

/** Undefined: of both kinds. */
type Wake = (news?: 'outbox' | 'sealed') => void;

/**
 * Calls `wake` whenever outbox lines or seals of the audit chain are committed, from a connection of its own. It
 * reconnects for ever, and wakes once after each connect: what was committed meanwhile made no sound. Nothing depends on
 * it but speed.
 */
export function listenOutbox(url: string, wake: Wake, log: Log): AsyncDisposable {
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      await listenOnce(url, wake, stopped.signal).catch((error: unknown) => log.warn({ err: error }, 'not listening to the outbox'));
      await sleep(reconnectMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await running;
    },
  };
}

async function listenOnce(url: string, wake: Wake, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'curfew outbox', keepAlive: true });
  const ended = new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('end', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  // Settled before anybody waits for it where connecting fails.
  ended.catch(() => undefined);
  try {
    await client.connect();
    client.on('notification', ({ channel }) => wake(channel === 'curfew_sealed' ? 'sealed' : 'outbox'));
    await client.query('listen curfew_outbox; listen curfew_sealed');
    wake();
    await ended;
  } finally {
    await client.end().catch(() => undefined);
  }
}
