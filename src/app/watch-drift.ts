import type { Org, RightId } from '../domain/ids.ts';
import { callDeadlineMs } from '../domain/right.ts';
import type { Hands } from './act-on-rights.ts';
import type { Drifted } from './drift-store.ts';
import type { Integration } from './ports.ts';

export type WatchDeps = Pick<Hands, 'store' | 'integrations' | 'log' | 'meter' | 'stopping' | 'monotonicMs'> & { readonly org: Org };

/** For the turn of one worker; longer than a call and the statements around it. */
const leaseSeconds = 60;
/** Pages of one turn; with more, the round goes on in the next one. */
const pagesPerTurn = 20;
/** What was looked at in vain is looked at again this soon, and what is given again; or with the next round where that comes sooner. */
const againSeconds = 60;

/**
 * Looks at the rights that should be there, of each integration whose round is due, and does what its `drift` says about those
 * that somebody has removed. Nothing here gives or takes: where that is wanted, the reconciler is told.
 */
export async function watchDrift(deps: WatchDeps): Promise<void> {
  // A target that hangs holds up its own round only.
  await Promise.all(deps.integrations.all().map((integration) => watchIntegration(deps, integration)));
  await forgetUnwatched(deps);
}

async function forgetUnwatched({ store, org, integrations, log }: WatchDeps): Promise<void> {
  const watched = integrations.all().map(({ name }) => name);
  for (const integration of await store.drift.forgetUnwatched(org, watched))
    log.warn({ integration }, 'nobody looks at this target any more; what was found changed there is forgotten');
}

async function watchIntegration(deps: WatchDeps, integration: Integration): Promise<void> {
  const { drift } = deps.store;
  const { everySeconds, response } = integration.watch;
  const soon = Math.min(everySeconds, againSeconds);
  const round = { org: deps.org, integration: integration.name, kind: 'rights' } as const;
  const turn = await drift.beginRound(round, leaseSeconds);
  if (turn === undefined) return;
  let { after } = turn;
  let repaired = 0;
  const startedMs = deps.monotonicMs();
  for (let page = 0; page < pagesPerTurn && !deps.stopping.aborted; page++) {
    const { next, isRead, drifted } = await watchPage(deps, integration, after);
    if (!isRead) return drift.endRound(round, { after, inSeconds: soon });
    if (response === 'repair') repaired += drifted;
    if (next === undefined) return drift.endRound(round, { after: undefined, inSeconds: repaired > 0 ? soon : everySeconds });
    after = next;
    // Whoever has the next turn begins where this one was: there is no harm in looking twice.
    if (deps.monotonicMs() - startedMs > (leaseSeconds * 1000) / 2) break;
  }
  await drift.endRound(round, { after, inSeconds: 0 });
}

async function watchPage(
  { store, org, log, meter }: WatchDeps,
  integration: Integration,
  after: RightId | undefined,
): Promise<{ readonly next: RightId | undefined; readonly isRead: boolean; readonly drifted: number }> {
  const { name, watch } = integration;
  const { rights, next } = await store.drift.watchedRights(org, name, after);
  if (rights.length === 0) return { next, isRead: true, drifted: 0 };
  const targets = rights.map(({ target }) => target);
  const observed = await integration.observe(targets, AbortSignal.timeout(callDeadlineMs)).catch((error: unknown) => {
    log.warn({ err: error, integration: name }, 'a target could not be looked at');
    return [];
  });
  // A right of which the target says nothing has not drifted: a read that failed is never "absent".
  const seen = rights.map((right, index) => ({ right, observed: observed[index] ?? ('unknown' as const) }));
  const unread = seen.filter((each) => each.observed === 'unknown').length;
  meter.watched(name, 'rights', unread === 0 ? 'read' : 'failed');
  if (unread > 0) log.warn({ integration: name, rights: unread }, 'a target did not say whether rights are there; it is asked again');
  const drifted = await store.drift.recordSeen(org, name, seen, watch.response);
  for (const each of drifted) report({ log }, integration, each);
  return { next, isRead: unread < seen.length, drifted: drifted.length };
}

function report({ log }: Pick<WatchDeps, 'log'>, { name, watch }: Integration, { id }: Drifted): void {
  const fields = { right: id, integration: name, drift: watch.response };
  if (watch.response === 'alert') log.error(fields, 'access was removed at the target by somebody else');
  else log.warn(fields, 'access was removed at the target by somebody else');
}
