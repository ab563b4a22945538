/**
 * What an observer saw at the target, held against what Curfew says that it did. Pure, so that it can itself be tested:
 * a checker that cannot find anything proves nothing. All times are in epoch milliseconds.
 */
import { createExcuses, type Excuses, type Life, type RightChange, type Trouble, undisturbedBetween, undisturbedSince } from './excuses.ts';
import { addedUpMs, epsilonMs, hardMs, undisturbedMs } from './limits.ts';
import { findUnclaimed } from './unclaimed.ts';

/** One look at the target: who held what, as `account:role`, at some moment between `at` and `until`. */
export type Look = { readonly at: number; readonly until: number; readonly held: readonly string[] };

/** A grant as the database has it at the end. */
export type GrantFacts = {
  readonly id: string;
  readonly request: string;
  /** `account:role` */
  readonly right: string;
  readonly state: 'planned' | 'active' | 'ending' | 'ended' | 'failed';
  /** When it was decided; before that nothing may be there. */
  readonly from: number;
  /** When its access has to be gone. */
  readonly to: number;
};

/** An event of the audit export. */
export type Exported = {
  readonly seq: number;
  readonly at: number;
  readonly action: string;
  readonly request: string | null;
  readonly grant: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

export type Evidence = {
  readonly looks: readonly Look[];
  readonly grants: readonly GrantFacts[];
  readonly events: readonly Exported[];
  readonly troubles: readonly Trouble[];
  readonly lives: readonly Life[];
  /** Of each right, in the order in which it changed. */
  readonly history: readonly RightChange[];
  /** What people were told was taken in: the ids of their requests, by the words that only one request has. */
  readonly asked: readonly { readonly words: string; readonly id: string | undefined }[];
  readonly requests: readonly { readonly id: string; readonly words: string; readonly state: string }[];
};

export type Verdict = {
  readonly violations: readonly string[];
  /** How late each removal was seen, in milliseconds, in ascending order. */
  readonly latenessMs: readonly number[];
  /** How near it came to what would have been too much, in milliseconds. */
  readonly longest: {
    /** Seen after its end, or after the last thing that explains the delay. */
    readonly undisturbed: number;
    /** The same, added up from its end on between all that explains something. */
    readonly addedUp: number;
    /** Seen after its end, whatever happened. */
    readonly pastEnd: number;
    /** Due and claimed by nobody, although somebody could. */
    readonly unclaimed: number;
  };
  /** How many looks came longer than epsilon after the last trouble, when nothing excuses access past its end any more. */
  readonly strictLooks: number;
};

/** A thousand may hold something at once. */
type Indexed = Omit<Evidence, 'looks'> & { readonly looks: readonly (Omit<Look, 'held'> & { readonly held: ReadonlySet<string> })[] };

/** An end is dated by the decision, and what is taken back may be gone a little sooner than that is written down. */
const aMomentMs = 50;

export function check(given: Evidence): Verdict {
  const evidence = { ...given, looks: given.looks.map((look) => ({ ...look, held: new Set(look.held) })) };
  const excuses = createExcuses(evidence);
  const late = findLate(evidence, excuses);
  const unclaimed = findUnclaimed(evidence.history, excuses, evidence.looks.at(-1)?.until ?? 0);
  return {
    violations: [
      ...late.violations,
      ...unclaimed.violations,
      ...findUntrue(evidence),
      ...findLost(evidence),
      ...findDoubled(evidence),
      ...findLostRequests(evidence),
    ],
    latenessMs: lateness(evidence),
    longest: { ...late.longest, unclaimed: unclaimed.longestMs },
    strictLooks: evidence.looks.filter((look) => look.at > calmBefore(evidence, look) + epsilonMs).length,
  };
}

/** Since when nothing was done to Curfew that may still show in this look. */
const calmBefore = ({ troubles }: Indexed, { until }: Pick<Look, 'until'>): number =>
  troubles.reduce((latest, each) => (each.from <= until ? Math.max(latest, each.to) : latest), 0);

type Late = { readonly violations: readonly string[]; readonly longest: Omit<Verdict['longest'], 'unclaimed'> };

/** Access that no grant covers, later than it may be, or before there was one. */
function findLate(evidence: Indexed, excuses: Excuses): Late {
  const { looks, grants } = evidence;
  const byRight = Map.groupBy(grants, ({ right }) => right);
  const found = new Map<string, string>();
  const longest = { undisturbed: 0, addedUp: 0, pastEnd: 0 };
  for (const { at, until, held } of looks) {
    const calmSince = calmBefore(evidence, { until });
    for (const right of held) {
      const mine = (byRight.get(right) ?? []).filter((grant) => grant.from <= until);
      const end = Math.max(...mine.map((grant) => grant.to));
      if (mine.length === 0) found.set(right, `${right} was there at ${time(at)} and no grant of it had been decided`);
      if (mine.length === 0 || at <= end) continue;
      const since = undisturbedSince(end, excuses.of(right), undisturbedMs);
      const addedUp = undisturbedBetween(end, at, excuses.of(right));
      longest.undisturbed = Math.max(longest.undisturbed, at - since);
      longest.addedUp = Math.max(longest.addedUp, addedUp);
      longest.pastEnd = Math.max(longest.pastEnd, at - end);
      const was = `${right} was still there at ${time(at)}, ${Math.round(at - end)} ms after its end (${time(end)})`;
      if (at > Math.max(end, calmSince) + epsilonMs) found.set(right, `${was}; calm since ${time(calmSince)}`);
      else if (at > since + undisturbedMs) found.set(right, `${was}; nothing explains it since ${time(since)}`);
      else if (addedUp > addedUpMs) found.set(right, `${was}; nothing explains ${Math.round(addedUp)} ms of them`);
      else if (at > end + hardMs) found.set(right, `${was}, which is too long whatever happened`);
    }
  }
  return { violations: [...found.values()], longest };
}

/** "Gone" was written down, and it was there after that although nothing new had been decided (I18). */
function findUntrue({ looks, grants, events }: Indexed): string[] {
  const byId = new Map(grants.map((grant) => [grant.id, grant]));
  return events
    .filter(({ action, data }) => action === 'grant.ended' && data['leftInPlace'] === null)
    .flatMap(({ grant: id, data }) => {
      const grant = byId.get(id ?? '');
      const goneAt = Date.parse(String(data['observedGoneAt']));
      if (grant === undefined) return [`the log speaks of a grant ${id} that there is not`];
      const seen = looks.find(({ at, held }) => at > goneAt && held.has(grant.right));
      const covered = grants.some(
        (other) => other.right === grant.right && other.id !== id && seen !== undefined && other.from <= seen.until && other.to > goneAt,
      );
      return seen === undefined || covered
        ? []
        : [`grant ${id} of ${grant.right} was said to be gone at ${time(goneAt)} and was seen at ${time(seen.at)}`];
    });
}

/** Said to be active, and not there at a look while it had to be; or neither given nor failed in the end. */
function findLost({ looks, grants, events }: Indexed): string[] {
  const activated = new Map(events.filter(({ action }) => action === 'grant.activated').map((event) => [event.grant, event.at]));
  return grants.flatMap((grant) => {
    if (!['ended', 'failed'].includes(grant.state)) return [`grant ${grant.id} of ${grant.right} is still ${grant.state}`];
    const since = activated.get(grant.id);
    if (since === undefined) return grant.state === 'failed' ? [] : neverActive(grant, events);
    const missed = looks.find(({ at, until, held }) => at >= since && until < grant.to - aMomentMs && !held.has(grant.right));
    if (missed === undefined) return [];
    return [
      `grant ${grant.id} of ${grant.right} was active from ${time(since)} to ${time(grant.to)} and was not there at ${time(missed.at)}`,
    ];
  });
}

/** Ended before it was active: somebody took it back, which is on record. */
function neverActive(grant: GrantFacts, events: readonly Exported[]): string[] {
  const ended = events.some((event) => event.grant === grant.id && event.action === 'grant.ended' && event.data['end'] !== 'expired');
  return ended ? [] : [`grant ${grant.id} of ${grant.right} ended and was never active`];
}

const oncePerGrant = ['grant.activated', 'grant.ended', 'grant.failed'];
const decisions = ['request.approved', 'request.denied', 'request.cancelled', 'request.lapsed'];

function findDoubled({ grants, events, requests }: Indexed): string[] {
  const twice = <T>(what: string, items: readonly T[], key: (item: T) => string | null): string[] =>
    [...Map.groupBy(items, key)]
      .filter(([id, all]) => id !== null && all.length > 1)
      .map(([id, all]) => `${what} ${id}: ${all.length} times`);
  return [
    ...twice('grants of request', grants, ({ request }) => request),
    ...twice('requests that say', requests, ({ words }) => words),
    ...twice(
      'decisions of request',
      events.filter(({ action }) => decisions.includes(action)),
      ({ request }) => request,
    ),
    ...oncePerGrant.flatMap((action) =>
      twice(
        `${action} of`,
        events.filter((event) => event.action === action),
        ({ grant }) => grant,
      ),
    ),
  ];
}

/** Whoever was told that their request was taken in finds it, and what was agreed to has a grant. */
function findLostRequests({ asked, requests, grants, events }: Indexed): string[] {
  const known = new Map(requests.map((request) => [request.id, request]));
  const granted = new Set(grants.map(({ request }) => request));
  return [
    ...asked.flatMap(({ id, words }) =>
      id === undefined || known.has(id) ? [] : [`the request that says ${words} was taken in as ${id} and is gone`],
    ),
    ...requests.flatMap(({ id, state }) =>
      state === 'approved' && !granted.has(id) ? [`request ${id} is approved and gave nothing`] : [],
    ),
    ...events.flatMap(({ seq }, index) => (seq === index + 1 ? [] : [`the export has ${seq} where ${index + 1} should be`])).slice(0, 1),
  ];
}

/** From the end to the moment at which the log says that it was seen gone. */
function lateness({ events }: Indexed): number[] {
  return events
    .filter(({ action, data }) => action === 'grant.ended' && data['leftInPlace'] === null)
    .map(({ data }) => Number(data['latenessMs']))
    .toSorted((one, other) => one - other);
}

const time = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString().slice(11, 23) : 'never');
