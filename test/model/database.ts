/** What the database does in one transaction each: the statements of `src/store/rights.ts` and `src/store/transaction.ts`. */
import { type CallResult, landingMs, leaseMs, type settle } from '../../src/domain/right.ts';
import { type Instant, instant } from '../../src/domain/time.ts';
import { type Claimed, type Grant, none, type Row, type State, tickMs } from './state.ts';

export type Rules = {
  readonly settle: typeof settle;
  readonly maySend: (elapsedSinceClaimMs: number) => boolean;
  /** A claim is written down before the call. */
  readonly intent: boolean;
  /** Every grant counts that wants the right. */
  readonly counting: boolean;
  /** What is due is found without the queue. */
  readonly sweep: boolean;
  /** How often it is looked at what was there before us: each time, before the first call only, or not at all. */
  readonly looks: 'each time' | 'once' | 'never';
  /** What was there before us is known until the right is seen gone. */
  readonly remembers: boolean;
};

const at = (ticks: number): Instant => instant(ticks * tickMs);
/** The first tick at which a time has come. */
const ticksOf = (ms: number): number => Math.ceil(ms / tickMs);
/** Shorter than in the product, so that it is over within the horizon. */
const provisioning = 4;

const isLive = ({ state, end, provisionUntil }: Grant, now: number): boolean =>
  (state === 'active' && end > now) || (state === 'planned' && provisionUntil > now);

/** Should the right exist? */
export function wants(grants: readonly Grant[], now: number, { counting }: Rules): boolean {
  const begun = grants.filter(({ state }) => state !== 'none');
  return counting ? begun.some((each) => isLive(each, now)) : begun.length > 0 && begun.every((each) => isLive(each, now));
}

/** Something about the grants has changed: whoever works on an older state comes back. */
const touch = (state: State, lane: Row['lane']): State => ({
  ...state,
  row: { ...state.row, due: state.now, lane },
  workers: state.workers.map((each) => each && { ...each, isGeneration: false }),
  isWoken: true,
});

const withGrant = (state: State, index: number, grant: Grant): State => ({ ...state, grants: state.grants.with(index, grant) });

export const approve = (state: State, index: number): State =>
  touch(withGrant(state, index, { state: 'planned', end: none, provisionUntil: state.now + provisioning }), 'give');

/** What should be gone already does not get a later end by this. */
export function endEarly(state: State, index: number, grant: Grant): State {
  const end = grant.state === 'active' ? Math.min(state.now, grant.end) : state.now;
  return touch(withGrant(state, index, { ...grant, state: 'ending', end }), 'take');
}

/**
 * Whoever looks at what is at rest has seen that somebody else removed it, and has it given again, as `drift.ts` does. What was
 * believed up to then counts as unknown: nobody can know it sooner.
 */
export const repair = (state: State): State => touch({ ...state, row: { ...state.row, observed: 'unknown' } }, 'give');

export function isClaimable({ row, now, isWoken }: State, { sweep }: Rules): boolean {
  return row.due !== none && row.due <= now && (row.owner === none || row.leaseUntil < now) && (sweep || isWoken);
}

export function claim(state: State, who: number, rules: Rules): State {
  const { row, now, grants } = state;
  const desired = wants(grants, now, rules) ? 'present' : 'absent';
  const lands = row.callStarted * tickMs + landingMs;
  const quarantineUntilMs = row.owner === none ? row.quarantineUntilMs : Math.max(row.quarantineUntilMs, lands);
  const attempts = row.settledFor === desired ? row.attempts : 0;
  const mine: Claimed = {
    at: now,
    desired,
    callStarted: now,
    quarantineUntilMs,
    attempts,
    baseline: row.baseline,
    over: grants.map(({ state: each, end }) => (each === 'ending' || each === 'active') && end <= now),
    isFence: true,
    isGeneration: true,
    call: undefined,
    read: undefined,
  };
  const claimed: Row = rules.intent
    ? { ...row, observed: 'unknown', callStarted: now, quarantineUntilMs, owner: who, leaseUntil: now + leaseMs / tickMs }
    : { ...row, due: none, owner: none };
  const others = state.workers.map((each) => each && { ...each, isFence: false });
  return { ...state, row: claimed, workers: others.with(who, mine), isWoken: false };
}

/** The first look at the target, on record before the first call. Undefined: the claim is not ours any more. */
export function recordBaseline(state: State, who: number, mine: Claimed): State | undefined {
  if (!mine.isFence) return undefined;
  const baseline = state.isPresent ? 'present' : 'absent';
  return { ...state, row: { ...state.row, baseline }, workers: state.workers.with(who, { ...mine, baseline }) };
}

export function writeBack(state: State, who: number, mine: Claimed, result: CallResult, rules: Rules, keepQuarantine = true): State {
  const free = { ...state, workers: state.workers.with(who, undefined) };
  const { row, now } = state;
  if (!mine.isFence || (rules.intent && row.owner !== who)) return free;
  const before = {
    observed: 'unknown' as const,
    callStarted: at(mine.callStarted),
    quarantineUntil: keepQuarantine && mine.quarantineUntilMs !== none ? instant(mine.quarantineUntilMs) : undefined,
    attempts: mine.attempts,
  };
  const settled = rules.settle(before, mine.desired, result, at(now));
  const isHopeless = mine.desired === 'present' && result.kind === 'refused' && result.permanent;
  const grants = state.grants.map((each, index) =>
    moved(each, mine, { observed: settled.observed, isHopeless }, now, mine.over[index] === true),
  );
  const retryAt = settled.retryAt === undefined ? none : ticksOf(settled.retryAt);
  const forgets = mine.desired === 'absent' && (settled.observed === 'absent' || row.baseline === 'present' || !rules.remembers);
  return {
    ...free,
    isWoken: true,
    grants,
    row: {
      ...row,
      observed: settled.observed,
      quarantineUntilMs: settled.quarantineUntil ?? none,
      attempts: settled.attempts,
      settledFor: mine.desired,
      owner: none,
      leaseUntil: none,
      baseline: forgets ? undefined : row.baseline,
      due: mine.isGeneration ? nextDue(state.grants, grants, mine, retryAt, now) : now,
      lane: isHopeless ? 'take' : mine.isGeneration ? nextLane(mine, settled.observed) : row.lane,
    },
  };
}

/** `isHopeless`: the target has refused it for good. */
type Seen = { readonly observed: Row['observed']; readonly isHopeless: boolean };

/** What becomes of a grant. It ends by an observation only, of a call that started after it stopped being wanted. */
function moved(grant: Grant, { desired, callStarted }: Claimed, { observed, isHopeless }: Seen, now: number, isOver: boolean): Grant {
  const { state, provisionUntil } = grant;
  if (state === 'planned' && (provisionUntil <= callStarted || isHopeless)) return { ...grant, state: 'failed' };
  if (observed !== desired) return grant;
  if (state === 'planned' && desired === 'present') return { ...grant, state: 'active', end: now + lengths };
  return isOver && (state === 'ending' || state === 'active') ? { ...grant, state: 'ended' } : grant;
}

/** How long a grant lasts. */
export const lengths = 2;

const nextLane = ({ desired }: Claimed, observed: Row['observed']): Row['lane'] =>
  desired === 'present' && observed !== 'present' ? 'give' : 'take';

function nextDue(
  before: readonly Grant[],
  after: readonly Grant[],
  { desired, callStarted }: Claimed,
  retryAt: number,
  now: number,
): number {
  if (desired === 'absent' && retryAt !== none) return retryAt;
  const edges = after.flatMap((grant, index) => {
    const { state, end, provisionUntil } = grant;
    const hasMoved = grant.state !== before[index]?.state;
    if (hasMoved) return state === 'active' ? [end] : [];
    if (state === 'active') return retryAt === none || end > callStarted ? [end] : [];
    if (state === 'planned') return retryAt === none ? [] : [provisionUntil];
    return state === 'ending' && retryAt === none ? [Math.max(now, end)] : [];
  });
  const all = retryAt === none ? edges : [retryAt, ...edges];
  return all.length === 0 ? none : Math.min(...all);
}
