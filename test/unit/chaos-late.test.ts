import { describe, expect, it } from 'vitest';
import { check, type Evidence } from '../chaos/check.ts';
import type { Life, RightChange, Trouble, TroubleKind } from '../chaos/excuses.ts';
import { abandonedMs, addedUpMs, backOffMs, hardMs, unclaimedMs, undisturbedMs } from '../chaos/limits.ts';

// One right whose access ended at second 100. What explains that it is still there, and for how long; and what does not.

const end = 100_000;
const never = Number.POSITIVE_INFINITY;
const right = 'bob:readonly';
const life = (change: Partial<Life> = {}): Life => ({ role: 'worker', up: 0, to: never, gone: never, owner: undefined, ...change });
const dead = (role: Life['role'], at: number, owner?: string): Life => life({ role, to: at, gone: at, owner });
const trouble = (kind: TroubleKind, from: number, to: number): Trouble => ({ from, to, kind, what: kind });
/** Somebody is replaced, which takes two seconds. */
const starting = (at: number): Trouble => trouble('process', at, at + 2_000);
const atRest: RightChange = {
  right,
  at: 90_000,
  lane: 'take',
  fence: 1,
  owner: null,
  leaseUntil: null,
  quarantineUntil: null,
  dueAt: end,
};
const claimed = (at: number, owner: string, fence = 2): RightChange => ({ ...atRest, at, fence, owner, leaseUntil: at + 15_000 });
const settled = (at: number, dueAt: number | null, fence = 2): RightChange => ({ ...atRest, at, fence, dueAt });

/** What is found where it was seen last so long after its end. `always` is up all the time. */
function find(seenMs: number, { troubles = [], lives = [], history = [] }: Partial<Evidence>, always = [life()]): readonly string[] {
  const grant = { id: 'g', request: 'r', right, state: 'ended', from: 50_000, to: end } as const;
  const goneAt = end + seenMs + 1;
  const event = (seq: number, action: string, data = {}) => ({ seq, at: 0, action, request: 'r', grant: 'g', data });
  return check({
    looks: [{ at: end + seenMs, until: end + seenMs, held: [right] }],
    grants: [grant],
    events: [
      event(1, 'grant.activated'),
      event(2, 'grant.ended', { leftInPlace: null, observedGoneAt: new Date(goneAt).toISOString(), latenessMs: goneAt - end }),
    ],
    troubles,
    lives: [...always, ...lives],
    history,
    asked: [],
    requests: [{ id: 'r', words: 'one', state: 'approved' }],
  }).violations;
}

/** Is it found from a moment after `limitMs` on, and not before? */
function expectLimit(limitMs: number, evidence: Partial<Evidence>, always?: Life[]): void {
  expect(find(limitMs, evidence, always)).toEqual([]);
  expect(find(limitMs + 1, evidence, always)).toEqual([expect.stringContaining('was still there')]);
}

describe('access past its end, within a round of the chaos lane', () => {
  it('may be there until the next sweep has claimed it and a call has taken it', () => {
    expectLimit(undisturbedMs, {});
  });

  it('is not excused by a web process that died', () => {
    expectLimit(undisturbedMs, { lives: [dead('web', end + 5_000, 'w')], troubles: [starting(end + 5_000)] });
  });

  it('is not excused by a Redis that was away, cut off or emptied', () => {
    expectLimit(undisturbedMs, { troubles: [trouble('redis', end - 1_000, end + 12_000)] });
  });

  it('is not excused by a worker that had not claimed it', () => {
    expectLimit(undisturbedMs, { lives: [dead('worker', end + 5_000, 'w')], troubles: [starting(end + 5_000)] });
    const others = claimed(end + 4_000, 'w');
    expectLimit(undisturbedMs, {
      lives: [dead('worker', end + 5_000, 'w')],
      troubles: [starting(end + 5_000)],
      history: [{ ...others, right: 'dave:readonly' }],
    });
  });

  it('is excused by a worker that died with it in its hands, for its lease and what may still land', () => {
    const troubles = [starting(end + 5_000)];
    const history = [atRest, claimed(end + 4_000, 'w'), claimed(end + 20_000, 'v', 3)];
    // The second claim is by somebody who lives.
    expectLimit(4_000 + abandonedMs + undisturbedMs, {
      lives: [dead('worker', end + 5_000, 'w')],
      troubles: [...troubles, starting(end + 20_000)],
      history,
    });
    // Whoever lives and leaves it is no excuse, nor is who died long after.
    expectLimit(undisturbedMs, { troubles, history });
    expectLimit(undisturbedMs, { lives: [dead('worker', end + 60_000, 'w')], troubles, history });
  });

  it('is excused while no worker at all is up', () => {
    const before = dead('worker', end + 1_000);
    // One that is asked to stop takes nothing up any more, and one that never came up did not help either.
    const stopping = life({ to: end + 3_000, gone: end + 7_000 });
    const workers = [stopping, before, life({ up: never, to: end + 5_000, gone: end + 5_000 }), life({ up: end + 8_000 })];
    expectLimit(8_000 + undisturbedMs, { lives: workers }, []);
    expectLimit(undisturbedMs, { lives: workers });
    expectLimit(undisturbedMs, { lives: [life({ to: end + 3_000 }), life({ up: end + 2_900 })] }, []);
    expect(find(29_000, { lives: [before, dead('web', never)] }, [])).toEqual([]);
  });

  it.each(['database', 'target'] as const)('is excused while the %s is away, and not as long again', (kind) => {
    expectLimit(9_000 + undisturbedMs, { troubles: [trouble(kind, end - 500, end + 9_000)] });
    // One after the other.
    expectLimit(20_000 + undisturbedMs, { troubles: [trouble(kind, end + 1_000, end + 9_000), trouble(kind, end + 18_000, end + 20_000)] });
    // Too late: all should have been over.
    expectLimit(undisturbedMs, { troubles: [trouble(kind, end + undisturbedMs + 1, end + 40_000)] });
  });

  it('is excused by a call that failed while the target was away, until the next may be made', () => {
    const troubles = [trouble('target', end + 2_000, end + 4_000)];
    const again = (dueAt: number) => [atRest, claimed(end + 2_500, 'w'), settled(end + 3_000, dueAt), claimed(dueAt, 'w', 3)];
    expectLimit(7_000 + undisturbedMs, { troubles, history: again(end + 7_000) });
    // It pauses no longer than the product says.
    expectLimit(3_000 + backOffMs + undisturbedMs, { troubles: [...troubles, starting(end + 28_000)], history: again(end + 28_000) });
    // Where nothing was away, no call should have failed.
    expectLimit(undisturbedMs, { history: again(end + 7_000) });
  });

  it('is not excused by ever more that comes between, where nothing explains most of it', () => {
    // Away for one second of each ten, from the first on; and in two at a time.
    const troubles = Array.from({ length: 30 }, (_, n) => trouble('database', end + n * 10_000, end + n * 10_000 + 1_000));
    const limitMs = Math.floor(addedUpMs / 9_000) * 10_000 + 1_000 + (addedUpMs % 9_000);
    expectLimit(limitMs, { troubles });
    expectLimit(limitMs, { troubles: troubles.flatMap((each) => [each, { ...each, kind: 'target' }]) });
  });

  it('is too long at some time, whatever happened', () => {
    // Away for nine seconds of each ten.
    const troubles = Array.from({ length: 30 }, (_, n) => trouble('database', end + n * 10_000, end + n * 10_000 + 9_000));
    expectLimit(hardMs, { troubles });
  });
});

describe('what is due within a round of the chaos lane', () => {
  const unclaimed = [expect.stringContaining('nobody claimed it')];
  const until = (at: number, evidence: Partial<Evidence> = {}, before: readonly RightChange[] = [atRest]) =>
    find(0, { ...evidence, history: [...before, claimed(at, 'v', 9), settled(at + 100, null, 9)] });

  it('is claimed by a sweep, whatever becomes of the queue', () => {
    expect(until(end + unclaimedMs)).toEqual([]);
    expect(until(end + unclaimedMs + 1)).toEqual(unclaimed);
    expect(until(end + unclaimedMs + 1, { troubles: [trouble('redis', end, end + 9_000)] })).toEqual(unclaimed);
    expect(until(end + unclaimedMs + 1, { troubles: [trouble('database', end + 3_000, end + 4_000)] })).toEqual([]);
    expect(until(end + unclaimedMs + 4_001, { troubles: [trouble('database', end + 3_000, end + 4_000)] })).toEqual(unclaimed);
  });

  it('waits for the lease of whoever has it, and no longer', () => {
    const before = [atRest, claimed(end + 1_000, 'w')];
    expect(until(end + 16_000 + unclaimedMs, {}, before)).toEqual([]);
    expect(until(end + 16_001 + unclaimedMs, {}, before)).toEqual(unclaimed);
  });

  it('goes on waiting while other things about it change', () => {
    const before = [atRest, { ...atRest, at: end + 5_000, dueAt: end + 1_000 }];
    expect(until(end + unclaimedMs + 1_001, {}, before)).toEqual(unclaimed);
    // To be given, or at rest.
    expect(until(end + 60_000, {}, [{ ...atRest, lane: 'give' }])).toEqual([]);
    expect(until(end + 60_000, {}, [{ ...atRest, dueAt: null }])).toEqual([]);
  });
});
