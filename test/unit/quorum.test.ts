import { describe, expect, it } from 'vitest';
import { type ApprovalPath, pathOptions } from '../../src/domain/approval-path.ts';
import { type DurationSeconds, parseDuration } from '../../src/domain/duration.ts';
import { parseEmail, parsePersonId } from '../../src/domain/ids.ts';
import { type Voice, weigh } from '../../src/domain/quorum.ts';

const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('not parsed');
  return value;
};
const path = (policy: string, requiredApprovals?: number): ApprovalPath => ({
  policy,
  approvers: { kind: 'reviewers' },
  options: pathOptions({ requiredApprovals }),
});
const id = (digit: number) => must(parsePersonId(`0198c1a0-0000-7000-8000-00000000000${digit}`));
const time = (text: string): DurationSeconds => must(parseDuration(text));
const voice = (digit: number, paths: ApprovalPath[], more: Partial<Voice> = {}): Voice => ({
  by: { id: id(digit), email: must(parseEmail(`p${digit}@example.com`)) },
  keyMakers: [],
  duration: time('1h'),
  paths,
  ...more,
});

const alone = path('alone');
const two = path('two', 2);
const other = path('other', 2);

describe('how many must agree', () => {
  it('is one where a way wants no more, whatever the other ways want', () => {
    const mine = voice(1, [two, alone], { duration: time('2h') });
    expect(weigh(mine, [voice(2, [two])])).toMatchObject({ isEnough: true, policies: ['alone'], duration: time('2h'), by: [mine] });
  });

  it('is two different people, who get the shorter of what they named', () => {
    const mine = voice(1, [two], { duration: time('2h') });
    expect(weigh(mine, [])).toEqual({ isEnough: false });
    const agreed = weigh(mine, [voice(2, [two], { duration: time('30m') })]);
    expect(agreed).toMatchObject({ isEnough: true, policies: ['two'], duration: time('30m') });
  });

  it('does not add up ways: each must have its own', () => {
    expect(weigh(voice(1, [two]), [voice(2, [other])])).toEqual({ isEnough: false });
    expect(weigh(voice(1, [two, other]), [voice(2, [two]), voice(3, [other])])).toMatchObject({ isEnough: true, policies: ['two'] });
  });

  it('counts nobody who may not agree any more', () => {
    expect(weigh(voice(1, [two]), [voice(2, [])])).toEqual({ isEnough: false });
  });

  it('takes no key for a second person, whichever way round', () => {
    expect(weigh(voice(1, [two], { keyMakers: [id(2)] }), [voice(2, [two])])).toEqual({ isEnough: false });
    expect(weigh(voice(1, [two]), [voice(2, [two], { keyMakers: [id(1)] })])).toEqual({ isEnough: false });
    expect(weigh(voice(1, [two], { keyMakers: [id(3)] }), [voice(2, [two], { keyMakers: [id(3)] })])).toEqual({ isEnough: false });
    expect(weigh(voice(1, [path('three', 3)]), [voice(2, [two]), voice(2, [two])])).toEqual({ isEnough: false });
  });

  it('asks nobody twice: the same person stands for one', () => {
    const three = path('three', 3);
    expect(weigh(voice(1, [three]), [voice(2, [three]), voice(2, [three])])).toEqual({ isEnough: false });
    expect(weigh(voice(1, [three]), [voice(2, [three]), voice(3, [three])])).toMatchObject({ isEnough: true });
  });
});
