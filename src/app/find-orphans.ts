import { callDeadlineMs, maySend } from '../domain/right.ts';
import type { Unwanted } from './drift-store.ts';
import type { Integration, Tagged, TaggedRights } from './ports.ts';
import type { WatchDeps } from './watch-drift.ts';

/** For the turn of one worker: two lists, a removal and the statements around them. */
const leaseSeconds = 120;
const againSeconds = 60;
/** As many are removed in one turn; the others in the next. */
const removalsPerTurn = 100;

/**
 * Lists what carries our mark at each target whose round is due, and finds what no right wants: what a lost database, a hand or a
 * fault of ours has left there (I5). Where the integration is to be repaired it is removed, unless it may be somebody else's.
 */
export async function findOrphans(deps: WatchDeps): Promise<void> {
  await Promise.all(deps.integrations.all().map((integration) => scan(deps, integration)));
}

async function scan(deps: WatchDeps, integration: Integration): Promise<void> {
  const { name, tagged, watch } = integration;
  if (tagged === undefined) return;
  const { drift } = deps.store;
  const round = { org: deps.org, integration: name, kind: 'tagged' } as const;
  if ((await drift.beginRound(round, leaseSeconds)) === undefined) return;
  const unwanted = await findUnwanted(deps, name, tagged);
  deps.meter.watched(name, 'tagged', unwanted === 'unknown' ? 'failed' : 'read');
  const inSeconds = unwanted === 'unknown' ? Math.min(watch.everySeconds, againSeconds) : watch.everySeconds;
  if (unwanted !== 'unknown') {
    for (const { tagged: found } of await drift.recordOrphans(deps.org, name, unwanted, watch.response))
      deps.log.error(
        { integration: name, ours: found.isOurs, drift: watch.response },
        'a target holds something with our mark that no right wants',
      );
    const ours = unwanted.filter((each) => each.tagged.isOurs).slice(0, removalsPerTurn);
    if (watch.response === 'repair' && ours.length > 0) await remove(deps, integration, tagged, ours);
  }
  await drift.endRound(round, { after: undefined, inSeconds });
}

/**
 * What is on the list twice, and not wanted in between. The list comes first: a right is on record before its target is called, so
 * what is listed and has no right behind it afterwards is nobody's. What was just being removed is not on the second list.
 */
async function findUnwanted(deps: WatchDeps, name: string, tagged: TaggedRights): Promise<readonly Unwanted[] | 'unknown'> {
  const first = await list(deps, name, tagged);
  if (first === 'unknown') return first;
  const unwanted = await deps.store.drift.unwanted(deps.org, name, first);
  if (unwanted.length === 0) return unwanted;
  const second = await list(deps, name, tagged);
  if (second === 'unknown') return second;
  const still = new Set(second.map(keyOf));
  return unwanted.filter((each) => still.has(keyOf(each.tagged)));
}

const keyOf = ({ right, isOurs }: Tagged): string => JSON.stringify([right.accessType, right.resource, right.account, isOurs]);

async function list({ log }: WatchDeps, name: string, tagged: TaggedRights): ReturnType<TaggedRights['list']> {
  const listed = await tagged.list(AbortSignal.timeout(callDeadlineMs)).catch((error: unknown) => {
    log.warn({ err: error, integration: name }, 'a target could not be listed');
    return 'unknown' as const;
  });
  if (listed === 'unknown') log.warn({ integration: name }, 'a target did not say what carries our mark; it is asked again');
  return listed;
}

async function remove(deps: WatchDeps, { name }: Integration, tagged: TaggedRights, orphans: readonly Unwanted[]): Promise<void> {
  const { store, org, log, monotonicMs } = deps;
  const checkedAtMs = monotonicMs();
  const stamps = new Map(orphans.map((each) => [keyOf(each.tagged), each.stamp]));
  const asked = await store.drift.unwanted(
    org,
    name,
    orphans.map((each) => each.tagged),
  );
  const still = asked.filter((each) => stamps.get(keyOf(each.tagged)) === each.stamp);
  // A process that was stopped in between must not send: it may be wanted by now. The next round looks again.
  if (still.length === 0 || deps.stopping.aborted || !maySend(monotonicMs() - checkedAtMs)) return;
  const targets = still.map((each) => each.tagged.right);
  const removals = await tagged.remove(targets, AbortSignal.timeout(callDeadlineMs)).catch((error: unknown) => {
    log.error({ err: error, integration: name }, 'orphans could not be removed');
    return [];
  });
  const outcomes = still.map((orphan, index) => ({
    orphan,
    ...(removals[index] ?? { result: { kind: 'lost', why: 'the target gave no answer' } as const, sessionsEnded: 0, accountGone: false }),
  }));
  await store.drift.recordRemovals(org, name, outcomes);
  for (const { result } of outcomes)
    if (result.kind !== 'observed' || result.observed !== 'absent')
      log.error({ integration: name, result }, 'something with our mark that no right wants could not be removed yet; it is tried again');
}
