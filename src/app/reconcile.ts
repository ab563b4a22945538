import { giveRight, type Hands, takeRights } from './act-on-rights.ts';
import type { Jobs, Log } from './ports.ts';
import type { Claim, Settlement } from './store.ts';

/** As many rights as one claim takes; larger batches hold their locks for longer without being faster. */
const largestBatch = 500;
/** Calls under way at once in one process, and how many rights one of them carries. */
const lanes = { give: { calls: 8, rightsPerCall: 1 }, take: { calls: 8, rightsPerCall: largestBatch } } as const;

/** Takes whatever is due, until nothing is left. Returns how many rights were looked at. */
export const take = (hands: Hands, jobs: Jobs): Promise<number> => drain(hands, jobs, 'take');

/** Gives whatever is due. A lane of its own, so that a target that is slow to give never holds up an expiry. */
export const give = (hands: Hands, jobs: Jobs): Promise<number> => drain(hands, jobs, 'give');

/** Nothing is taken later for it: what has closed falls due by itself, and this only says when it comes again. */
export async function turnHours({ store, log }: Hands): Promise<void> {
  const strange = await store.turnHours();
  if (strange > 0) log.error({ grants: strange }, 'grants have hours that are not understood here, and stay closed');
}

/** Goes on claiming while calls are under way, so that a target that hangs holds up its own rights only. */
async function drain(hands: Hands, jobs: Jobs, lane: 'give' | 'take'): Promise<number> {
  const { calls, rightsPerCall } = lanes[lane];
  const under = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let looked = 0;
  const known = hands.integrations.all().map(({ name }) => name);
  while (!hands.stopping.aborted && failures.length === 0) {
    const claimedAtMs = hands.monotonicMs();
    const free = calls - under.size;
    const claims = free > 0 ? await hands.store.claim(lane, Math.min(largestBatch, free * rightsPerCall), known) : [];
    looked += claims.length;
    for (const piece of pieces(hands, claims, claimedAtMs)) {
      const turn: Promise<void> = piece
        .then((settlements) => writeBack(hands, jobs, settlements))
        .catch((error: unknown) => void failures.push(error))
        .finally(() => under.delete(turn));
      under.add(turn);
    }
    if (claims.length > 0) continue;
    if (under.size === 0) break;
    // A call that ends may leave its right due again.
    await Promise.race(under);
  }
  await Promise.all(under);
  if (failures.length > 0) throw failures[0];
  return looked;
}

/** One call per right to give, one call per integration for all rights to take. */
function pieces(hands: Hands, claims: readonly Claim[], claimedAtMs: number): Promise<readonly Settlement[]>[] {
  const gives = claims.filter((claim) => claim.desired === 'present').map(async (claim) => [await giveRight(hands, claim, claimedAtMs)]);
  const byIntegration = Map.groupBy(
    claims.filter((claim) => claim.desired === 'absent'),
    (claim) => claim.integration,
  );
  return [...gives, ...[...byIntegration].map(([name, group]) => takeRights(hands, name, group, claimedAtMs))];
}

async function writeBack(hands: Hands, jobs: Jobs, settlements: readonly Settlement[]): Promise<void> {
  const { alarms, removals } = await hands.store.settle(settlements);
  for (const { integration, latenessMs } of removals) hands.meter.removed(integration, latenessMs);
  await arm(hands.log, jobs, alarms);
}

/** Sets an alarm for each second. A queue that does not take it costs punctuality only: the sweep finds what is due. */
export async function arm(log: Log, jobs: Jobs, seconds: readonly number[]): Promise<void> {
  if (seconds.length === 0) return;
  try {
    await jobs.wake(seconds.map((epochSecond) => ({ kind: 'due', epochSecond })));
  } catch (error) {
    log.warn({ err: error }, 'the queue did not take an alarm; the sweep will do without it');
  }
}
