import type { Org } from '../domain/ids.ts';
import type { Log } from './ports.ts';
import type { RequestHistoryReads, SealedStretch } from './request-history-store.ts';
import { createWaitingRoom, type Waiter, type Wakes } from './waiting-room.ts';

export type EventFeed = {
  /** What was sealed after `seq`, as soon as there is something; undefined where `signal` came first. */
  next(org: Org, seq: number, signal: AbortSignal): Promise<SealedStretch | undefined>;
};

type Waiting = Waiter<{ readonly org: Org; readonly seq: number }, SealedStretch>;

/** So many events of the chain are read at once. */
const atOnce = 200;

/** Those who have seen everything are all told by one query, and get the same stretch. */
export function createEventFeed(history: RequestHistoryReads, wakes: Wakes | undefined, log: Log): EventFeed {
  const room = createWaitingRoom(async (waiting: readonly Waiting[]) => {
    for (const org of new Set(waiting.map((each) => each.key.org)))
      await tell(
        history,
        org,
        waiting.filter((each) => each.key.org === org),
      );
  }, log);
  wakes?.subscribe((news) => (news === 'outbox' ? undefined : room.wake()));
  return { next: (org, seq, signal) => room.wait({ org, seq }, signal) };
}

/** From the one who is furthest behind: whoever stands beyond what that one is told is told next. */
async function tell(history: RequestHistoryReads, org: Org, waiting: readonly Waiting[]): Promise<void> {
  for (let rest = waiting; rest.length > 0; ) {
    const least = Math.min(...rest.map((each) => each.key.seq));
    const { events, upTo } = await history.after(org, least, atOnce);
    if (upTo === least) return;
    const stretches = new Map<number, SealedStretch>();
    for (const { key, settle } of rest.filter((each) => each.key.seq < upTo)) {
      const stretch = stretches.get(key.seq) ?? { events: events.filter((event) => event.seq > key.seq), upTo };
      stretches.set(key.seq, stretch);
      settle(stretch);
    }
    rest = rest.filter((each) => each.key.seq >= upTo);
  }
}
