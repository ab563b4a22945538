import { parseRequestId, parseRightId, type RequestId } from '../domain/ids.ts';
import type { Hands } from './act-on-rights.ts';
import type { Job, Jobs, Log } from './ports.ts';
import type { OutboxLine } from './notices-store.ts';
import type { Store } from './store.ts';

/** How long a wake-up may be in the queue before its work is done without the queue. */
const staleSeconds = 20;
const linesAtOnce = 200;
/** A Slack that answers slowly must not keep one turn busy for ever; what is left goes stale again. */
const deliverForMs = 5_000;

/** Moves new outbox lines into the queue. Where the queue does not take them they go stale, see {@link deliverStale}. */
export async function relayOutbox(store: Store, jobs: Jobs, log: Log): Promise<void> {
  for (;;) {
    const lines = await store.takeOutbox(linesAtOnce, 'fresh');
    if (lines.length > 0)
      await jobs
        .wake(lines.flatMap(toJob))
        .catch((error: unknown) => log.warn({ err: error }, 'the queue did not take a wake-up; it is done without the queue'));
    // What comes later wakes us again.
    if (lines.length < linesAtOnce) return;
  }
}

/** Asks for the messages of requests that change by time now or by other rules, and for the home tabs that do. */
export async function remind(store: Store): Promise<void> {
  while ((await store.wakeNotices(linesAtOnce)) === linesAtOnce);
  await store.wakeByRules();
  await store.home.tabs.changeByFaults();
  await store.home.tabs.changeByRules();
}

/** Does the notifying that the queue was asked for and did not do. */
export async function deliverStale(
  hands: Pick<Hands, 'store' | 'log' | 'monotonicMs'>,
  notify: (id: RequestId) => Promise<void>,
): Promise<void> {
  const { store, log, monotonicMs } = hands;
  const startedMs = monotonicMs();
  const lines = await store.takeOutbox(linesAtOnce, { staleSeconds });
  for (const id of new Set(lines.flatMap((line) => (line.kind === 'notify' ? (parseRequestId(line.subject) ?? []) : [])))) {
    if (monotonicMs() - startedMs > deliverForMs) return;
    await notify(id).catch((error: unknown) => log.error({ err: error, request: id }, 'messages could not be brought up to date'));
  }
}

function toJob(line: OutboxLine): Job[] {
  switch (line.kind) {
    case 'look': {
      const rightId = parseRightId(line.subject);
      return rightId === undefined ? [] : [{ kind: 'look', rightId }];
    }
    case 'notify': {
      const requestId = parseRequestId(line.subject);
      return requestId === undefined ? [] : [{ kind: 'notify', requestId, outboxId: line.id }];
    }
  }
}
