/** Tells owners, and the approvers' channel, what somebody else has changed at targets, and keeps true what they were told. See ADR 19. */
import { digestOf } from '../domain/digest.ts';
import type { DriftReport } from '../domain/drift.ts';
import { canonicalEmail, type Email, type Org, spelledAs } from '../domain/ids.ts';
import { ownersToTell } from './audience.ts';
import type { DriftMessage, DriftNotice, DriftPlace } from './drift-notices-store.ts';
import type { Integrations, Log, Messenger } from './ports.ts';
import { type PostingTurn, takeTurn, witness } from './posting-turn.ts';
import type { RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';
import { Unreachable } from './unreachable.ts';

type Deps = {
  readonly store: Pick<Store, 'driftNotices' | 'roles'>;
  readonly org: Org;
  readonly messenger: Pick<Messenger, 'drift'>;
  readonly integrations: Integrations;
  readonly routing: Pick<RoutingDeps, 'directories' | 'log'>;
  readonly log: Log;
};

/** Of each kind, in one message; how many more there are is said. */
const mostShown = 10;

export async function tellDrift(deps: Deps): Promise<void> {
  const { store, org, log } = deps;
  for (const claimed of await store.driftNotices.claim(org)) {
    const turn = takeTurn(claimed, (held) => store.driftNotices.renew(org, held));
    const failures = await converge(deps, turn).catch((error: unknown) => [error]);
    for (const error of failures)
      log.warn({ err: error, integration: claimed.integration }, 'it could not be told what was changed at a target; it is tried again');
    await store.driftNotices.release(org, turn.claim(), failures.length === 0 ? 'shown' : 'failed');
  }
}

type Turn = PostingTurn<DriftNotice>;

/** Posts what is missing and redraws what differs, in every place. @returns what failed; one place must not keep the others in the dark */
async function converge(deps: Deps, turn: Turn): Promise<unknown[]> {
  const { store, org, integrations, routing, log } = deps;
  const { id, integration } = turn.claim();
  const known = new Map((await store.driftNotices.messages(org, id)).map((message) => [message.place, message]));
  const findings = await store.driftNotices.findings(org, id, mostShown);
  const report = { ...findings, integration, response: integrations.byName(integration)?.watch.response };
  // Of what is settled before anybody was told, nobody is.
  const isFound = findings.removed.count + findings.orphans.count > 0;
  const owners = isFound ? await ownersToTell(store, routing, org) : undefined;
  const failures: unknown[] = [...(owners?.failures ?? [])];
  for (const place of placesOf([...known.keys()], owners))
    await show(deps, turn, place, report, isFound, known.get(place)).catch((error: unknown) => {
      if (error instanceof Unreachable) log.info({ integration }, error.message);
      else failures.push(error);
    });
  return failures;
}

/**
 * Where it stands, and where it is missing. Whoever is no owner any more is shown nothing new: only, at last, that it is settled.
 * Whoever was told under one spelling of their address is the same under another.
 */
function placesOf(told: readonly DriftPlace[], owners: Awaited<ReturnType<typeof ownersToTell>> | undefined): ReadonlySet<DriftPlace> {
  if (owners === undefined) return new Set(told);
  const all = new Set(owners.all.map(canonicalEmail));
  const mayRead = (place: DriftPlace) => place === undefined || owners.failures.length > 0 || all.has(canonicalEmail(place));
  const spell = spelledAs(told.filter((place) => place !== undefined));
  return new Set([...told.filter(mayRead), undefined, ...owners.told.map(spell)]);
}

async function show(
  deps: Deps,
  turn: Turn,
  place: Email | undefined,
  report: DriftReport,
  isFound: boolean,
  known: DriftMessage | undefined,
): Promise<void> {
  const { store, org, messenger } = deps;
  const { id } = turn.claim();
  const shown = digestOf(report);
  if (known?.kind === 'posted' && known.shown === shown) return;
  let ref = known?.kind === 'posted' ? known.ref : undefined;
  if (known?.kind === 'attempted') {
    ref = await messenger.drift.find(id, known);
    if (ref === undefined) await store.driftNotices.endMessage(org, id, place);
  }
  if (ref !== undefined) await messenger.drift.redraw(ref, report, () => turn.hold());
  else if (isFound) {
    const attempt = witness(turn, {
      begin: (channel) => store.driftNotices.beginMessage(org, id, place, channel),
      refused: () => store.driftNotices.endMessage(org, id, place),
    });
    ref = await messenger.drift.post(id, place, report, attempt);
  }
  if (ref !== undefined) await store.driftNotices.keepMessage(org, id, place, { ref, shown });
}
