import { describe, expect, it } from 'vitest';
import { type ApprovalPath, pathOptions } from '../../src/domain/approval-path.ts';
import { nextGroupsOf, withGroupsAsked } from '../../src/domain/next-groups.ts';
import { instant } from '../../src/domain/time.ts';

const group = (id: string) => ({ directory: 'local', id, label: id });
const path = (policy: string, afterMinutes: number, ...ids: string[]): ApprovalPath => ({
  policy,
  approvers: { kind: 'reviewers' },
  options: pathOptions({ requireReason: true, nextGroups: { afterMinutes, groups: ids.map(group) } }),
});
const minute = (count: number) => instant(count * 60_000);
const waiting = { createdAt: minute(0), approvableUntil: minute(600) };

describe('the next groups', () => {
  it('are ways of their own, with the options of the approval that names them and no next groups of theirs', () => {
    const outcome = { kind: 'ask', paths: [path('one', 30, 'a', 'b'), path('two', 10, 'c')] } as const;
    expect(withGroupsAsked(outcome, 0)).toBe(outcome);
    const widened = withGroupsAsked(outcome, 1);
    if (widened.kind !== 'ask') throw new Error('it is asked');
    expect(
      widened.paths.map(({ policy, approvers }) => [policy, approvers.kind === 'group' ? approvers.groups[0]?.id : approvers.kind]),
    ).toEqual([
      ['one', 'reviewers'],
      ['one', 'a'],
      ['two', 'reviewers'],
      ['two', 'c'],
    ]);
    expect(widened.paths[1]?.options).toEqual(pathOptions({ requireReason: true }));
    const all = withGroupsAsked(outcome, 7);
    expect(all.kind === 'ask' ? all.paths.length : 0).toBe(5);
    expect(withGroupsAsked({ kind: 'none' }, 3)).toEqual({ kind: 'none' });
  });

  it('come after the shortest silence, one step each, and not when it has lapsed', () => {
    const paths = [path('one', 30, 'a', 'b'), path('two', 10, 'c')];
    expect(nextGroupsOf(waiting, paths)).toEqual({ at: minute(10), count: 1, groups: [group('a'), group('c')] });
    const second = { ...waiting, groupsAsked: { count: 1, at: minute(12) } };
    expect(nextGroupsOf(second, paths)).toEqual({ at: minute(42), count: 2, groups: [group('b')] });
    expect(nextGroupsOf({ ...waiting, groupsAsked: { count: 2, at: minute(42) } }, paths)).toBeUndefined();
    expect(nextGroupsOf({ ...second, approvableUntil: minute(42) }, paths)).toBeUndefined();
    expect(nextGroupsOf(waiting, [])).toBeUndefined();
  });
});
