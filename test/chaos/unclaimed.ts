/** Whether somebody was about it whenever access was due to be taken away: that needs no queue. */
import { type Excuses, type RightChange, undisturbedSince } from './excuses.ts';
import { unclaimedMs } from './limits.ts';

export type Unclaimed = {
  readonly violations: readonly string[];
  /** The longest that anything waited although nothing explains it, in milliseconds. */
  readonly longestMs: number;
};

/** @param now  when the history was read */
export function findUnclaimed(history: readonly RightChange[], excuses: Excuses, now: number): Unclaimed {
  const waits = [...Map.groupBy(history, ({ right }) => right).values()].flatMap((changes) => waitsOf(changes, now));
  const unexplained = waits.map(({ right, from, to }) => {
    const since = undisturbedSince(from, excuses.ofAll, unclaimedMs);
    return { right, from, waitedMs: to - since };
  });
  return {
    violations: unexplained
      .filter(({ waitedMs }) => waitedMs > unclaimedMs)
      .map(
        ({ right, from, waitedMs }) =>
          `${right} was due to be taken away at ${new Date(from).toISOString().slice(11, 23)} and nobody claimed it for ${Math.round(waitedMs)} ms in which somebody could`,
      ),
    longestMs: unexplained.reduce((longest, { waitedMs }) => Math.max(longest, waitedMs), 0),
  };
}

type Wait = { readonly right: string; readonly from: number; readonly to: number };

/** From when it may be claimed until it is, or is due no more. */
function waitsOf(changes: readonly RightChange[], now: number): Wait[] {
  let freeSince = 0;
  return changes.flatMap((change, index) => {
    const before = changes[index - 1];
    // Whatever else changes, it goes on waiting.
    if (before?.fence !== change.fence || before.leaseUntil !== change.leaseUntil || before.lane !== change.lane) freeSince = change.at;
    if (change.lane !== 'take' || change.dueAt === null) return [];
    const from = Math.max(freeSince, change.dueAt, change.leaseUntil ?? 0);
    const to = changes[index + 1]?.at ?? now;
    return to > from ? [{ right: change.right, from, to }] : [];
  });
}
