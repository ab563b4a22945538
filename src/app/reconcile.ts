import { type Hands, giveRight, takeRights } from './act-on-rights.ts';
import type { Jobs } from './ports.ts';
import type { Claim, Settlement } from './store.ts';

/** As many rights as one removal call carries; larger batches hold their locks for longer without being faster. */
const removalBatch = 500;
/** Calls to targets under way at once in the lane that gives. */
const additionBatch = 8;

/** One turn of both lanes: gives and takes whatever is due, until nothing is left. Returns how many rights were looked at. */
export async function reconcile(hands: Hands, jobs: Jobs): Promise<number> {
  // Side by side, so that a target that is slow to give never holds up an expiry.
  const turns = await Promise.allSettled([drain(hands, jobs, 'take', removalBatch), drain(hands, jobs, 'give', additionBatch)]);
  let looked = 0;
  for (const turn of turns) {
    if (turn.status === 'rejected') throw turn.reason;
    looked += turn.value;
  }
  return looked;
}

async function drain(hands: Hands, jobs: Jobs, lane: 'give' | 'take', limit: number): Promise<number> {
  let looked = 0;
  for (;;) {
    const claimedAtMs = hands.monotonicMs();
    const claims = await hands.store.claim(lane, limit);
    if (claims.length === 0) return looked;
    looked += claims.length;
    await Promise.all(pieces(hands, claims, claimedAtMs).map(async (piece) => writeBack(hands, jobs, await piece)));
  }
}

/** One call per right to give, one call per integration for all rights to take. */
function pieces(hands: Hands, claims: readonly Claim[], claimedAtMs: number): Promise<readonly Settlement[]>[] {
  const give = claims.filter((claim) => claim.desired === 'present').map(async (claim) => [await giveRight(hands, claim, claimedAtMs)]);
  const byIntegration = Map.groupBy(
    claims.filter((claim) => claim.desired === 'absent'),
    (claim) => claim.integration,
  );
  return [...give, ...[...byIntegration].map(([name, group]) => takeRights(hands, name, group, claimedAtMs))];
}

async function writeBack(hands: Hands, jobs: Jobs, settlements: readonly Settlement[]): Promise<void> {
  const ends = await hands.store.settle(settlements);
  await arm(hands, jobs, ends);
}

/** Sets an alarm for each second. A queue that does not take it costs punctuality only: the sweep finds what is due. */
export async function arm(hands: Pick<Hands, 'log'>, jobs: Jobs, seconds: readonly number[]): Promise<void> {
  if (seconds.length === 0) return;
  try {
    await jobs.wake(seconds.map((epochSecond) => ({ kind: 'due', epochSecond })));
  } catch (error) {
    hands.log.warn({ err: error }, 'the queue did not take an alarm; the sweep will do without it');
  }
}
