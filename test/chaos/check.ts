/**
 * What an observer saw at the target, held against what Curfew says that it did. Pure, so that it can itself be tested:
 * a checker that cannot find anything proves nothing. All times are in epoch milliseconds.
 */

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

/** Something was done to Curfew or its surroundings; `to` is when it was over. */
export type Trouble = { readonly from: number; readonly to: number; readonly what: string };

export type Evidence = {
  readonly looks: readonly Look[];
  readonly grants: readonly GrantFacts[];
  readonly events: readonly Exported[];
  readonly troubles: readonly Trouble[];
  /** What people were told was taken in: the ids of their requests, by the words that only one request has. */
  readonly asked: readonly { readonly words: string; readonly id: string | undefined }[];
  readonly requests: readonly { readonly id: string; readonly words: string; readonly state: string }[];
  /** How long after its end, or after the last trouble, access may still be there (I1). */
  readonly epsilonMs: number;
};

export type Verdict = {
  readonly violations: readonly string[];
  /** How late each removal was seen, in milliseconds, in ascending order. */
  readonly latenessMs: readonly number[];
  /** How many looks came longer than epsilon after the last trouble, when nothing excuses access past its end any more. */
  readonly strictLooks: number;
};

/** A thousand may hold something at once. */
type Indexed = Omit<Evidence, 'looks'> & { readonly looks: readonly (Omit<Look, 'held'> & { readonly held: ReadonlySet<string> })[] };

/** An end is dated by the decision, and what is taken back may be gone a little sooner than that is written down. */
const aMomentMs = 50;

export function check(given: Evidence): Verdict {
  const evidence = { ...given, looks: given.looks.map((look) => ({ ...look, held: new Set(look.held) })) };
  return {
    violations: [
      ...findLate(evidence),
      ...findUntrue(evidence),
      ...findLost(evidence),
      ...findDoubled(evidence),
      ...findLostRequests(evidence),
    ],
    latenessMs: lateness(evidence),
    strictLooks: evidence.looks.filter((look) => look.at > calmBefore(evidence, look) + evidence.epsilonMs).length,
  };
}

/** Since when nothing was done to Curfew that may still show in this look. */
const calmBefore = ({ troubles }: Indexed, { until }: Pick<Look, 'until'>): number =>
  troubles.reduce((latest, each) => (each.from <= until ? Math.max(latest, each.to) : latest), 0);

/** Access that no grant covers, later than it may be, or before there was one. */
function findLate(evidence: Indexed): string[] {
  const { looks, grants, epsilonMs } = evidence;
  const byRight = Map.groupBy(grants, ({ right }) => right);
  const found = new Map<string, string>();
  for (const { at, until, held } of looks) {
    const calmSince = calmBefore(evidence, { until });
    for (const right of held) {
      const mine = (byRight.get(right) ?? []).filter((grant) => grant.from <= until);
      const end = Math.max(...mine.map((grant) => grant.to));
      if (mine.length === 0) found.set(right, `${right} was there at ${time(at)} and no grant of it had been decided`);
      else if (at > Math.max(end, calmSince) + epsilonMs)
        found.set(
          right,
          `${right} was still there at ${time(at)}, ${at - end} ms after its end (${time(end)}); calm since ${time(calmSince)}`,
        );
    }
  }
  return [...found.values()];
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
