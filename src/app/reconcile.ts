import { giveRight, type Hands, takeRights } from './act-on-rights.ts';
import type { Jobs, Log } from './ports.ts';
import type { Claim, Settlement } from './store.ts';
import { writeBack } from './write-back.ts';

/** As many rights as one claim takes; larger batches hold their locks for longer without being faster. */
const largestBatch = 500;
/**
 * Calls to one target that are under way at once in one process, whoever woke us: a target that hangs holds up its own rights
 * only (I16), and none gets more than it has connections for. Two that claim in the same moment may exceed it by theirs.
 */
const mostCalls = { give: 4, take: 2 } as const;

/** How many calls are under way, by integration. */
type UnderWay = Map<string, number>;

/** Makes a call for a right that stays when it is its turn at that integration. */
type Keeping = (name: string, call: () => Promise<Settlement>) => Promise<Settlement>;

/**
 * Rights whose grant has ended and that another grant still wants come with the removals. They must not take the place of those at the
 * target, and no more of them be asked for at once than of what is given.
 */
function createKeeping(): Keeping {
  const queues = new Map<string, Promise<unknown>[]>();
  return (name, call) => {
    const queue = queues.get(name) ?? Array.from({ length: mostCalls.give }, () => Promise.resolve());
    queues.set(name, queue);
    const made = (queue.shift() ?? Promise.resolve()).then(call);
    queue.push(made.catch(() => undefined));
    return made;
  };
}

export type Reconciler = {
  /** Takes whatever is due, until nothing is left that nobody in this process is about. Returns how many rights were looked at. */
  take(): Promise<number>;
  /** Gives whatever is due. A lane of its own, so that a target that is slow to give never holds up an expiry. */
  give(): Promise<number>;
};

export function createReconciler(hands: Hands, jobs: Jobs): Reconciler {
  const underWay = { take: new Map(), give: new Map() };
  const keeping = createKeeping();
  return {
    take: () => drain(hands, jobs, 'take', underWay.take, keeping),
    // Each is counted before it is claimed.
    give: () => drain(hands, jobs, 'give', underWay.give, (_, call) => call()),
  };
}

/** What ended while it was being given waits behind nothing else that is given. Returns how many rights were looked at. */
export async function handOver({ store }: Pick<Hands, 'store'>, take: Reconciler['take']): Promise<number> {
  return (await store.handOver()) > 0 ? take() : 0;
}

/** Nothing is taken later for it: what has closed falls due by itself, and this only says when it comes again. */
export async function turnHours({ store, log }: Hands): Promise<void> {
  const strange = await store.turnHours();
  if (strange > 0) log.error({ grants: strange }, 'grants have hours that are not understood here, and stay closed');
}

/** Goes on claiming while calls are under way, of those targets that have any left. */
async function drain(hands: Hands, jobs: Jobs, lane: keyof typeof mostCalls, underWay: UnderWay, keeping: Keeping): Promise<number> {
  const under = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let looked = 0;
  const known = hands.integrations.all().map(({ name }) => name);
  while (!hands.stopping.aborted && failures.length === 0) {
    const claimedAtMs = hands.monotonicMs();
    // Not afterwards: what ends while we claim may leave rights that were claimed past.
    const isIdle = under.size === 0;
    const claims = await claimOpen(hands.store, lane, known, underWay).catch((error: unknown) => void failures.push(error));
    // What is under way is written back all the same, and whoever stops the process waits for it.
    if (claims === undefined) break;
    looked += claims.length;
    for (const { name, isCounted, settlements } of pieces(hands, lane, claims, claimedAtMs, keeping)) {
      const count = (by: 1 | -1) => isCounted && underWay.set(name, (underWay.get(name) ?? 0) + by);
      count(1);
      const turn: Promise<void> = settlements
        .then((settled) => finish(hands, jobs, settled, claimedAtMs))
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          count(-1);
          under.delete(turn);
        });
      under.add(turn);
    }
    if (claims.length > 0) continue;
    if (isIdle) break;
    // A call that ends may leave its right due again.
    if (under.size > 0) await Promise.race(under);
  }
  await Promise.all(under);
  if (failures.length > 0) throw failures[0];
  return looked;
}

/** Claims what may be called for now. */
async function claimOpen(
  store: Hands['store'],
  lane: keyof typeof mostCalls,
  known: readonly string[],
  underWay: UnderWay,
): Promise<readonly Claim[]> {
  const free = (name: string): number => mostCalls[lane] - (underWay.get(name) ?? 0);
  const open = known.filter((name) => free(name) > 0);
  if (open.length === 0 && known.length > 0) return [];
  // To give, each right is a call of its own.
  const limit = lane === 'take' ? largestBatch : Math.min(mostCalls.give, ...open.map(free));
  return store.claim(lane, limit, { known, open });
}

type Piece = { readonly name: string; readonly isCounted: boolean; readonly settlements: Promise<readonly Settlement[]> };

/** One call per right to give or to leave in place, one call per integration for all rights to take. */
function pieces(
  hands: Hands,
  lane: keyof typeof mostCalls,
  claims: readonly Claim[],
  claimedAtMs: number,
  keeping: Keeping,
): readonly Piece[] {
  const gives = claims
    .filter((claim) => claim.desired === 'present')
    .map((claim) => {
      const settlements = keeping(claim.integration, () => giveRight(hands, claim, claimedAtMs)).then((settled) => [settled]);
      return { name: claim.integration, isCounted: lane === 'give', settlements };
    });
  const byIntegration = Map.groupBy(
    claims.filter((claim) => claim.desired === 'absent'),
    (claim) => claim.integration,
  );
  const takes = [...byIntegration].map(([name, group]) => ({
    name,
    isCounted: true,
    settlements: takeRights(hands, name, group, claimedAtMs),
  }));
  return [...takes, ...gives];
}

async function finish(hands: Hands, jobs: Jobs, settlements: readonly Settlement[], claimedAtMs: number): Promise<void> {
  const { alarms, removals } = await writeBack(hands, settlements, claimedAtMs);
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
