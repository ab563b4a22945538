/** The home tab: what waits for somebody, what they asked for and what they have, a page of each. */
import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import type { Findings } from '../domain/drift.ts';
import { handiestExtension } from '../domain/extension.ts';
import type { RequestId } from '../domain/ids.ts';
import type { PageFrom } from '../domain/page.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { allowedDurations, type Settings } from '../domain/settings.ts';
import { whyNotInRole } from './authority.ts';
import type { Unreviewed } from './break-glass-store.ts';
import type { DecideDeps } from './decide-request.ts';
import { type Glance, takeGlance } from './glance.ts';
import type { HomeList, Overdue } from './home-store.ts';
import type { Lateness } from '../domain/lateness.ts';
import type { Caller } from './ports.ts';
import { recentRights } from './recent-rights.ts';
import { type Routed, routeByVersion, whyNotDecide } from './routing.ts';
import type { CatalogEntry } from './shown-catalog.ts';
import type { Role } from './store.ts';

export type HomePosition = { readonly waiting: PageFrom; readonly requests: PageFrom; readonly access: PageFrom };

/** `newer` and `older`: where the neighbouring pages begin, where there are any. */
export type HomePage = {
  readonly requests: readonly PermissionRequest[];
  readonly newer: PageFrom | undefined;
  readonly older: PageFrom | undefined;
};

export type Home = {
  readonly waiting: HomePage;
  readonly requests: HomePage;
  readonly access: HomePage;
  /** Only for owners and reviewers, and only where there is some. */
  readonly overdue: Overdue | undefined;
  /** How much that is, 0 included; undefined for everybody else. */
  readonly overdueCount?: number | undefined;
  /** What somebody else has changed at targets; only for owners and reviewers, and only where there is something. */
  readonly drift?: Findings | undefined;
  /** Tells it from what there is later; undefined for everybody else. */
  readonly driftStamp?: string | undefined;
  /** What others took at once and nobody has reviewed; only for owners and reviewers, and only where there is some. */
  readonly unreviewed?: Unreviewed | undefined;
  /** How late access was seen gone in the last 30 days, by integration, for owners and reviewers. */
  readonly lateness?: readonly Lateness[];
  /** May change settings and policies. */
  readonly isOwner: boolean;
  /** May press the panic switch: owners and reviewers. */
  readonly mayPanic?: boolean;
  /** How much standing access nears its end; none for those who do not look it through. */
  readonly standing?: number;
  /** How much more of their access one press asks for, where it can be extended. */
  readonly extendBy?: ReadonlyMap<RequestId, DurationSeconds>;
  /** What they asked for before, to be asked for again. */
  readonly recent: readonly CatalogEntry[];
};

const pageSize = 8;
const overdueShown = 5;
const unreviewedShown = 5;
const driftShown = 5;
/** Undecided requests that one page looks through for those a person may decide; what is left is behind its "older". */
const lookedThrough = 300;
const readAtOnce = 100;

const top: HomePosition = { waiting: 'newest', requests: 'newest', access: 'newest' };

/** Everything is read anew at each call. Where a page is empty by now, the first one is given. */
export async function readHome(deps: DecideDeps, caller: Caller, position: HomePosition = top): Promise<Home> {
  const { org, person } = caller;
  const glance = takeGlance(deps.routing, deps.store);
  const list = (which: HomeList) => (from: PageFrom, limit: number) => deps.store.home.page(org, which, from, limit);
  const everyone = async (): Promise<boolean> => true;
  const holds = async (roles: readonly Role[]): Promise<boolean> =>
    (await whyNotInRole(glance.routing, glance.reads, caller, roles)) === undefined;
  const [requests, access, waiting, isOwner, forReviewers, recent, settings] = await Promise.all([
    turn(list({ kind: 'of', person: person.id }), everyone, position.requests, pageSize + 1),
    turn(list({ kind: 'access', person: person.id }), everyone, position.access, pageSize + 1),
    turn(list({ kind: 'pending' }), decidable(glance, caller), position.waiting, readAtOnce),
    holds(['owner']),
    // Who may see it first: it is looked for among all access that there is.
    holds(['owner', 'manager']).then((isReviewer) => (isReviewer ? readForReviewers(deps, caller) : undefined)),
    recentRights(deps, caller),
    deps.store.settings(org),
  ]);
  const { overdue, standing = 0, unreviewed, drift, driftStamp, lateness = [] } = forReviewers ?? {};
  return {
    waiting,
    requests,
    access,
    overdue: overdue === undefined || overdue.count === 0 ? undefined : overdue,
    overdueCount: overdue?.count,
    drift: drift === undefined || drift.removed.count + drift.orphans.count === 0 ? undefined : drift,
    driftStamp,
    unreviewed: unreviewed === undefined || unreviewed.count === 0 ? undefined : unreviewed,
    lateness,
    isOwner,
    standing,
    mayPanic: forReviewers !== undefined,
    extendBy: extensions(access, settings),
    recent,
  };
}

async function readForReviewers({ store, routing }: DecideDeps, { org, person }: Caller) {
  // First: what is found after it is another one then.
  const driftStamp = await store.driftNotices.stamp(org);
  const [overdue, standing, unreviewed, drift, lateness] = await Promise.all([
    store.home.overdue(org, overdueShown),
    store.standingReview.count(org),
    store.breakGlass.unreviewed(org, { besides: person.id, limit: unreviewedShown }),
    store.driftNotices.findings(org, undefined, driftShown),
    // The least of it, and the longest to read: it must not take the rest away.
    store.lateness.lately(org).catch((error: unknown) => {
      routing.log.warn({ err: error }, 'how late access was taken away cannot be read');
      return undefined;
    }),
  ]);
  return { overdue, standing, unreviewed, drift, driftStamp, lateness: lateness?.integrations };
}

function extensions({ requests }: HomePage, settings: Settings): ReadonlyMap<RequestId, DurationSeconds> {
  const [presets, maximum] = [allowedDurations(settings), toSeconds(settings.maxAccess)];
  return new Map(
    requests.flatMap((request) => {
      const more = handiestExtension(request, presets, maximum);
      return more === undefined ? [] : [[request.id, more] as const];
    }),
  );
}

function decidable(glance: Glance, caller: Caller): (request: PermissionRequest) => Promise<boolean> {
  // Many ask for the same: what policies make of it is the same for each.
  const routed = new Map<string, Promise<Routed>>();
  return async (request) => {
    // They have said their yes; it waits for others now.
    if (request.endorsements?.some(({ by }) => by.id === caller.person.id) === true) return false;
    const key = JSON.stringify([request.principal.id, request.permission, request.groupsAsked?.count]);
    const route = routed.get(key) ?? routeByVersion(glance.routing, glance.reads, request);
    routed.set(key, route);
    const { outcome } = await route;
    return (await whyNotDecide(glance.routing, glance.reads, request, outcome, caller)) === undefined;
  };
}

type ReadPage = (from: PageFrom, limit: number) => Promise<readonly PermissionRequest[]>;

/** Reads on from there, away from the page before, until a page is full of what is to be kept. */
async function turn(
  read: ReadPage,
  keep: (request: PermissionRequest) => Promise<boolean>,
  from: PageFrom,
  atOnce: number,
): Promise<HomePage> {
  const isBackwards = from !== 'newest' && 'after' in from;
  const beyond = ({ id }: PermissionRequest): PageFrom => (isBackwards ? { after: id } : { before: id });
  const found: PermissionRequest[] = [];
  let next: PageFrom | undefined = from;
  let more: PageFrom | undefined;
  let looked = 0;
  while (next !== undefined && more === undefined) {
    const some: readonly PermissionRequest[] = await read(next, atOnce);
    for (const request of isBackwards ? some.toReversed() : some) {
      const last = found.at(-1);
      if (looked >= lookedThrough) more = next;
      else if (!(await keep(request))) next = beyond(request);
      else if (found.length === pageSize && last !== undefined) more = beyond(last);
      else {
        found.push(request);
        next = beyond(request);
      }
      if (more !== undefined) break;
      looked += 1;
    }
    if (some.length < atOnce) next = undefined;
  }
  // Towards the newest, a page that is not full is the first one; and one beyond which nothing is left is of no use.
  if (from !== 'newest' && more === undefined && (isBackwards || looked === 0)) return turn(read, keep, 'newest', atOnce);
  return isBackwards ? backwards(found.toReversed(), more) : forwards(found, from, more);
}

const forwards = (requests: readonly PermissionRequest[], from: PageFrom, older: PageFrom | undefined): HomePage => ({
  requests,
  newer: from === 'newest' ? undefined : after(requests[0], from),
  older,
});

const backwards = (requests: readonly PermissionRequest[], newer: PageFrom | undefined): HomePage => {
  const last = requests.at(-1);
  return { requests, newer, older: last === undefined ? 'newest' : { before: last.id } };
};

/** A page that looked through many and found none still has newer ones. */
const after = (first: PermissionRequest | undefined, from: Exclude<PageFrom, 'newest'>): PageFrom => {
  if (first !== undefined) return { after: first.id };
  return 'before' in from ? { after: from.before } : 'newest';
};
