import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from './place.ts';

const unfinished = `
select 'grant ' || id || ' is ' || state as left from grants where state in ('planned', 'ending')
  or state = 'active' and expires_at < clock_timestamp()
union all select 'grant ' || id || ' is still going' from grants where state = 'active'
union all select 'right ' || id || ' is due' from rights where due_at <= clock_timestamp() + interval '1 minute'
union all select 'an outbox line about ' || subject from outbox where kind = 'notify'
union all select 'an attempt to post ' || slot from posting_attempts
union all select 'an unsealed event' from audit_unsealed`;

/** No grant lives longer than this in the lane: what is taken at once, and could not be ended before. */
const longestGrantMs = 60_000;
/**
 * Where only messages are left: they go out at Slack's pace, one a second into each conversation, however many there are; so it
 * counts from the last moment at which fewer were left than ever before. Longer than what Slack asks to wait for and a lease of theirs.
 */
const toldWithinMs = 60_000;

/** Waits until all is done and told. What is left after the time that it may take is a violation. */
export async function waitForCalm(
  place: Place,
  epsilonMs: number,
): Promise<{ readonly afterMs: number; readonly left: readonly string[] }> {
  const since = performance.now();
  let [fewest, movedMs] = [Number.POSITIVE_INFINITY, 0];
  for (;;) {
    const left = (await place.read<{ left: string }>(unfinished)).map((row) => row.left);
    const afterMs = Math.round(performance.now() - since);
    const isAccess = left.some((each) => /^(grant|right) /.test(each));
    if (left.length === 0) return { afterMs, left };
    if (left.length < fewest) [fewest, movedMs] = [left.length, afterMs];
    const isLate = afterMs > longestGrantMs + epsilonMs;
    if (isLate && (isAccess || afterMs - movedMs > toldWithinMs))
      return { afterMs, left: left.slice(0, 20).map((each) => `after ${afterMs} ms of calm: ${each}`) };
    await sleep(250);
  }
}
