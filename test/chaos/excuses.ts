/**
 * What explains that access is still there after its end, by the product's own mechanism and not because something happened nearby. Neither
 * the death of a web process nor a loss of Redis does; the death of a worker does for what it had claimed. Pure, like check.ts.
 */
import { abandonedMs, backOffMs } from './limits.ts';
import { leaseMs } from '../../src/domain/right.ts';

/** Something was done to Curfew or its surroundings; `to` is when it was over. */
export type Trouble = { readonly from: number; readonly to: number; readonly kind: TroubleKind; readonly what: string };
export type TroubleKind = 'database' | 'target' | 'redis' | 'process';

/** A process: `up` is when it served, infinite where it never did, and `to` when it died or was asked to stop. */
export type Life = {
  readonly role: 'web' | 'worker';
  readonly up: number;
  readonly to: number;
  /** When it was gone. */
  readonly gone: number;
  /** Who it is in its claims; undefined: it made none. */
  readonly owner: string | undefined;
};

/** A right's row after a change of it. */
export type RightChange = {
  /** `account:role` */
  readonly right: string;
  readonly at: number;
  readonly lane: 'give' | 'take';
  readonly fence: number;
  readonly owner: string | null;
  readonly leaseUntil: number | null;
  readonly quarantineUntil: number | null;
  readonly dueAt: number | null;
};

export type Excuse = { readonly from: number; readonly to: number };

type Known = { readonly troubles: readonly Trouble[]; readonly lives: readonly Life[]; readonly history: readonly RightChange[] };

export type Excuses = {
  /** Whatever right it is: nobody could do anything, or nothing could be done to the target. In the order in which they began. */
  readonly ofAll: readonly Excuse[];
  /** These, and the claims of this right that came to nothing. */
  readonly of: (right: string) => readonly Excuse[];
};

export function createExcuses({ troubles, lives, history }: Known): Excuses {
  const away = troubles.filter(({ kind }) => kind === 'database' || kind === 'target');
  const ofAll = [...away, ...withoutWorkers(lives)].toSorted(byBeginning);
  const goneAt = new Map(lives.flatMap(({ owner, gone }) => (owner === undefined ? [] : [[owner, gone] as const])));
  const byRight = new Map(
    [...Map.groupBy(history, ({ right }) => right)].map(([right, changes]) => {
      const own = attemptsOf(changes).flatMap((attempt) => excuseOf(attempt, away, goneAt) ?? []);
      return [right, [...ofAll, ...own].toSorted(byBeginning)];
    }),
  );
  return { ofAll, of: (right) => byRight.get(right) ?? ofAll };
}

/**
 * Since when nothing explains a delay any more. Where an excuse begins only after `graceMs` without any, it comes too late: by then
 * all should have been over.
 */
export function undisturbedSince(from: number, excuses: readonly Excuse[], graceMs: number): number {
  let since = from;
  for (const excuse of excuses) {
    if (excuse.from > since + graceMs) break;
    since = Math.max(since, excuse.to);
  }
  return since;
}

/** How long nothing excused it between the two, added up. */
export function undisturbedBetween(from: number, to: number, excuses: readonly Excuse[]): number {
  let [since, added] = [from, 0];
  for (const excuse of excuses) {
    if (excuse.from >= to) break;
    added += Math.max(0, excuse.from - since);
    since = Math.max(since, excuse.to);
  }
  return added + Math.max(0, to - since);
}

const byBeginning = (one: Excuse, other: Excuse): number => one.from - other.from;

/** When no worker at all was up, from the beginning on. */
function withoutWorkers(lives: readonly Life[]): Excuse[] {
  const gaps: Excuse[] = [];
  let covered = 0;
  for (const { up, to } of lives
    .filter((life) => life.role === 'worker' && life.up < life.to)
    .toSorted((one, other) => one.up - other.up)) {
    if (up > covered) gaps.push({ from: covered, to: up });
    covered = Math.max(covered, to);
  }
  return covered === Number.POSITIVE_INFINITY ? gaps : [...gaps, { from: covered, to: Number.POSITIVE_INFINITY }];
}

/** A claim, and what became of it: `againAt` is when the right was due after it. */
type Attempt = { readonly at: number; readonly owner: string; settledAt?: number; quarantineUntil?: number; againAt?: number };

function attemptsOf(changes: readonly RightChange[]): Attempt[] {
  const attempts: Attempt[] = [];
  let fence: number | undefined;
  for (const change of changes) {
    const last = attempts.at(-1);
    if (change.owner !== null && change.fence !== fence) attempts.push({ at: change.at, owner: change.owner });
    else if (change.owner === null && last !== undefined) {
      last.settledAt ??= change.at;
      last.quarantineUntil ??= change.quarantineUntil ?? change.at;
      // Whoever decides anew makes it due at once.
      last.againAt = change.dueAt ?? change.at;
    }
    fence = change.fence;
  }
  return attempts;
}

/** Undefined: nothing that is on record explains why it came to nothing, if it did. */
function excuseOf(
  { at, owner, settledAt, quarantineUntil = at, againAt = at }: Attempt,
  away: readonly Trouble[],
  goneAt: ReadonlyMap<string, number>,
): Excuse | undefined {
  const touches = (until: number) => (trouble: Trouble) => trouble.from <= until && trouble.to >= at;
  if (settledAt === undefined) {
    const isLeft = (goneAt.get(owner) ?? Number.POSITIVE_INFINITY) <= at + leaseMs;
    const isUnheard = away.some((trouble) => trouble.kind === 'database' && touches(at + leaseMs)(trouble));
    return isLeft || isUnheard ? { from: at, to: at + abandonedMs } : undefined;
  }
  if (!away.some(touches(settledAt))) return undefined;
  const [again, landed] = [Math.min(againAt, settledAt + backOffMs), Math.min(quarantineUntil, at + abandonedMs)];
  return { from: at, to: Math.max(settledAt, again, landed) };
}
