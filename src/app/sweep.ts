import type { RequestId, RightId } from '../domain/ids.ts';
import { parseRequestId, parseRightId } from '../domain/ids.ts';
import type { Hands } from './act-on-rights.ts';
import type { Job, Jobs, Log } from './ports.ts';
import { arm, reconcile } from './reconcile.ts';
import type { OutboxLine, Store } from './store.ts';

/** How long a wake-up may be in the queue before the sweep does its work itself. */
const staleSeconds = 20;
const linesAtOnce = 200;

/**
 * Moves new outbox lines into the queue. Where the queue does not take them they stay sent, and the sweep delivers
 * them once they are stale.
 */
export async function relayOutbox(store: Store, jobs: Jobs, log: Log): Promise<void> {
  for (;;) {
    const lines = await store.takeOutbox(linesAtOnce, 'fresh');
    if (lines.length === 0) return;
    try {
      await jobs.wake(lines.flatMap(toJob));
    } catch (error) {
      log.warn({ err: error }, 'the queue did not take a wake-up; the sweep will do without it');
    }
  }
}

/** Everything that would otherwise wait for a queue. Each part stands alone: one that fails does not keep the others back. */
export async function sweep(parts: {
  readonly hands: Hands;
  readonly jobs: Jobs;
  readonly notify: (id: RequestId) => Promise<void>;
  readonly lapse: () => Promise<void>;
}): Promise<void> {
  const { hands, jobs } = parts;
  const results = await Promise.allSettled([
    reconcile(hands, jobs),
    hands.store.dueSeconds().then((seconds) => arm(hands, jobs, seconds)),
    parts.lapse(),
    deliverStale(hands.store, parts.notify, hands.log),
  ]);
  for (const result of results) if (result.status === 'rejected') hands.log.error({ err: result.reason }, 'a part of the sweep failed');
}

async function deliverStale(store: Store, notify: (id: RequestId) => Promise<void>, log: Log): Promise<void> {
  const lines = await store.takeOutbox(linesAtOnce, { staleSeconds });
  for (const id of new Set(lines.flatMap((line) => (line.kind === 'notify' ? (parseRequestId(line.subject) ?? []) : [])))) {
    await notify(id).catch((error: unknown) => log.error({ err: error, request: id }, 'messages could not be brought up to date'));
  }
}

function toJob(line: OutboxLine): Job[] {
  switch (line.kind) {
    case 'look': {
      const rightId: RightId | undefined = parseRightId(line.subject);
      return rightId === undefined ? [] : [{ kind: 'look', rightId }];
    }
    case 'notify': {
      const requestId = parseRequestId(line.subject);
      return requestId === undefined ? [] : [{ kind: 'notify', requestId, outboxId: line.id }];
    }
  }
}
