import { describe, expect, it } from 'vitest';
import { explore } from '../model/explore.ts';
import { ours, planted } from '../model/faults.ts';

// The whole is `npm run check:model`; these bounds are the smallest in which each fault shows.

describe('every order of events', () => {
  it.each([
    { grants: 1, workers: 2, faults: 1, ticks: 5 },
    { grants: 2, workers: 2, faults: 1, ticks: 2 },
  ])('leaves the right as it should be: %j', (bounds) => {
    const { states, violation } = explore(ours, bounds);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(10_000);
  });

  it.each([
    ['no intent', 1, 1, 1],
    ['time-out taken as failure', 1, 1, 3],
    ['giving up', 1, 1, 5],
    ['queue-only expiry', 1, 1, 3],
    ['no send guard', 1, 1, 5],
    ['quarantine cleared early', 1, 2, 6],
    ['no counting', 2, 0, 1],
    ['refusal for good taken as proof', 2, 1, 1],
    ['no look before', 1, 0, 1],
    ['looked at once', 1, 0, 1],
    ['forgotten before it is gone', 1, 0, 3],
  ] as const)('shows what goes wrong with %s', (name, grants, faults, ticks) => {
    const rules = planted[name] ?? expect.unreachable();
    const { violation } = explore(rules, { grants, workers: 2, faults, ticks });
    expect(violation?.way.length).toBeGreaterThan(1);
  });

  it('has a fault planted for each rule', () => {
    expect(Object.keys(planted)).toHaveLength(11);
  });
}, 120_000);
