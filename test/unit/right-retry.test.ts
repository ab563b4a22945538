import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallResult, type RightState, settle } from '../../src/domain/right.ts';
import { instant } from '../../src/domain/time.ts';

const now = instant(Date.UTC(2026, 0, 1));
const before = (attempts: number): RightState => ({ observed: 'unknown', callStarted: now, quarantineUntil: undefined, attempts });
const failures: readonly CallResult[] = [
  { kind: 'refused', permanent: false, why: 'the target said no' },
  { kind: 'unsent', why: 'it is away' },
  { kind: 'lost', why: 'no answer' },
];
const pauseMs = (desired: 'absent' | 'present', attempts: number, result: CallResult, jitter?: number): number =>
  Number(settle(before(attempts), desired, result, now, jitter).retryAt) - now;

describe('a call that failed', () => {
  it('is tried again, later each time, and never later than its longest pause', () => {
    for (const result of failures) {
      expect([0, 1, 2, 3, 4, 5, 6].map((attempts) => pauseMs('absent', attempts, result))).toEqual([
        500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
      ]);
      expect(pauseMs('present', 1_000_000, result)).toBe(60_000);
    }
  });

  it('comes up to a quarter sooner by its jitter, whatever came before, so that targets do not come together', () => {
    const anything = fc.record({
      attempts: fc.nat(),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      result: fc.constantFrom(...failures),
      desired: fc.constantFrom('absent', 'present'),
    });
    fc.assert(
      fc.property(anything, ({ attempts, jitter, result, desired }) => {
        const [pause, longest] = [pauseMs(desired, attempts, result, jitter), pauseMs(desired, attempts, result)];
        expect(pause).toBeLessThanOrEqual(longest);
        expect(pause).toBeGreaterThanOrEqual(longest * 0.75);
      }),
    );
    expect(pauseMs('absent', 9, { kind: 'lost', why: 'no answer' }, 1)).toBe(11_250);
  });
});
