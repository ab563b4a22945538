import { describe, expect, it } from 'vitest';
import { drift } from '../../blocks/drift.ts';
import { several } from '../../blocks/several.ts';
import { type Simulated, simulationForm } from '../../blocks/simulation.ts';
import type { SummarySlot } from '../../src/domain/burst.ts';

describe('a summary', () => {
  const first = (total: number, live: number, what: SummarySlot): string =>
    several({ several: { total, live, requests: [] }, what }).text.split('\n')[0] ?? '';

  it('of one right, as which it is posted first, speaks of one', () => {
    expect(first(1, 1, 'accesses')).toBe('🟢 1 right was given to you');
    expect(first(1, 1, 'warnings')).toBe('⏰ 1 right of yours ends soon');
    expect(first(1, 0, 'warnings')).toBe('⚪ 1 right of yours was to end soon');
    expect(first(1, 0, 'endings')).toBe('⚪ 1 right of yours has ended');
  });

  it('of several speaks of all, and of how many are still there', () => {
    expect(first(2, 2, 'warnings')).toBe('⏰ 2 rights of yours end soon');
    expect(first(3, 1, 'warnings')).toBe('⏰ 1 of 3 rights of yours ends soon');
    expect(first(3, 0, 'endings')).toBe('⚪ 3 rights of yours have ended');
  });
});

describe('what is told of a target that is not configured any more', () => {
  const none = { count: 0, shown: [] };
  const left = { integration: 'retired', removed: none, orphans: none } as const;

  it('is that nobody looks at it, and neither that it is settled nor that a setting would help', () => {
    const { text } = drift({ ...left, response: undefined });
    expect(text).toContain('not configured any more');
    expect(text).not.toContain('settled');
    expect(drift({ ...left, response: 'alert' }).text).toContain('settled');
    const found = drift({ ...left, removed: { count: 2, shown: [] }, orphans: { count: 1, shown: [] }, response: undefined });
    expect(JSON.stringify(found.blocks).match(/not configured any more/g)).toHaveLength(2);
    expect(JSON.stringify(found.blocks)).not.toContain('drift: repair');
  });
});

describe('what a simulation says of an emergency', () => {
  const result: Simulated = {
    outcome: 'ask',
    by: 'orders',
    approvers: ['Platform team'],
    requires: { reason: false, duration: false, preapproval: false },
    preApproval: null,
    breakGlass: { possible: false, by: null, atMost: null },
    refusal: undefined,
    policies: [],
  };
  const said = (besides: Partial<Simulated>) =>
    JSON.stringify(simulationForm({ asked: 'pg role readonly', result: { ...result, ...besides } }));
  const no = 'cannot take it at once';

  it('is that they have to wait, where they do', () => {
    expect(said({})).toContain(no);
  });

  it('is nothing where a pre-approval gives it at once', () => {
    expect(said({ preApproval: '01938a00-0000-7000-8000-000000000001' })).not.toContain(no);
  });
});
