/**
 * One right, its grants, two workers and a target, small enough that every order of events can be tried. Times are ticks of
 * five seconds; what happens in between is the order of steps within a tick.
 *
 * The rules are the product's own (`src/domain/right.ts`); the database's part stands in `database.ts`, line by line as in
 * `src/store/rights.ts`.
 */
import type { Observed } from '../../src/domain/right.ts';

export const tickMs = 5_000;
export const none = -1;

export type GrantState = 'none' | 'planned' | 'active' | 'ending' | 'ended' | 'failed';
export type Grant = {
  readonly state: GrantState;
  /** When it ends, or ended; `none` while that is not known. */
  readonly end: number;
  /** Until when the target may confirm it. */
  readonly provisionUntil: number;
};

/** The row of the right. */
export type Row = {
  readonly observed: Observed;
  readonly callStarted: number;
  /** In milliseconds, `none` for none. */
  readonly quarantineUntilMs: number;
  readonly attempts: number;
  readonly settledFor: 'absent' | 'present';
  /** The worker that has claimed it. */
  readonly owner: number;
  readonly leaseUntil: number;
  /** When it is looked at next; `none`: it is where it should be, for good. */
  readonly due: number;
  /** Which workers look at it. Here each takes from both, so that nothing else depends on it. */
  readonly lane: 'give' | 'take';
  readonly baseline: 'absent' | 'present' | undefined;
};

export type Claimed = {
  readonly at: number;
  readonly desired: 'absent' | 'present';
  readonly callStarted: number;
  readonly quarantineUntilMs: number;
  readonly attempts: number;
  readonly baseline: 'absent' | 'present' | undefined;
  /** The grants that had ended before it, by their time or by somebody. */
  readonly over: readonly boolean[];
  /** Nobody has claimed it since. */
  readonly isFence: boolean;
  /** Nothing about the grants has changed since. */
  readonly isGeneration: boolean;
  /** The call that it has sent. */
  readonly call: Call | undefined;
  /** What it read at the target after that. */
  readonly read: 'absent' | 'present' | undefined;
};
export type Worker = Claimed | undefined;

/** On its way to the target; it takes effect until `until`, or never. */
export type Call = { readonly adds: boolean; readonly until: number; readonly landed: boolean };

export type State = {
  readonly now: number;
  readonly grants: readonly Grant[];
  readonly row: Row;
  readonly workers: readonly Worker[];
  /** Calls that nobody waits for any more. */
  readonly strays: readonly Call[];
  readonly isPresent: boolean;
  /** It is there because somebody else gave it before us, and has not taken it back. */
  readonly isOthers: boolean;
  /** The queue has a job for when it is due. Nothing depends on one, but for a fault that is planted. */
  readonly isWoken: boolean;
  /** Faults that may still happen. */
  readonly faults: number;
};

const codes = { none: 0, planned: 1, active: 2, ending: 3, ended: 4, failed: 5, unknown: 0, absent: 1, present: 2 } as const;
const bit = (is: boolean): number => (is ? 1 : 0);
const call = (each: Call): string => `${bit(each.adds)}${each.until}${bit(each.landed) === 1 ? 'l' : 'f'}`;

function worker(each: Worker): string {
  if (each === undefined) return '-';
  const { at, desired, callStarted, quarantineUntilMs, attempts, baseline, over, isFence, isGeneration, read } = each;
  const sent = each.call === undefined ? '' : call(each.call);
  return `${at},${codes[desired]},${callStarted},${quarantineUntilMs},${attempts},${baseline === undefined ? 0 : codes[baseline]},${bit(isFence)}${bit(isGeneration)}${over.map(bit).join('')}${sent}${read === undefined ? '' : codes[read]}`;
}

/** The same text for states from which the same can happen. Which worker is which makes no difference. */
export function keyOf({ now, grants, row, workers, strays, isPresent, isOthers, isWoken, faults }: State): string {
  const each = workers.map((one, at) => (row.owner === at ? `*${worker(one)}` : worker(one)));
  if (workers.length === 2 && (each[0] ?? '') > (each[1] ?? '')) each.reverse();
  const lost = row.owner !== none && workers[row.owner] === undefined ? 'x' : '';
  return [
    now,
    grants.map(({ state, end, provisionUntil }) => `${codes[state]}${end},${provisionUntil}`).join(';'),
    `${codes[row.observed]}${codes[row.settledFor]}${row.baseline === undefined ? 0 : codes[row.baseline]},${row.callStarted},${row.quarantineUntilMs},${row.attempts},${bit(row.owner !== none)},${row.leaseUntil},${row.due}`,
    ...each,
    lost,
    strays.map(call).sort().join(';'),
    `${bit(isPresent)}${bit(isOthers)}${bit(isWoken)}${faults}`,
  ].join('|');
}
