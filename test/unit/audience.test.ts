import { describe, expect, it } from 'vitest';
import { type ApprovalPath, type Approvers, pathOptions } from '../../src/domain/approval-path.ts';
import { audienceOf, groupsAsked, type MembersOf } from '../../src/domain/audience.ts';
import { parseEmail, parsePersonId } from '../../src/domain/ids.ts';
import type { ApprovalOptions, GroupRef } from '../../src/domain/policy.ts';
import { postingKey, posting } from '../../src/domain/posting.ts';
import { toSeconds } from '../../src/domain/duration.ts';
import { instant } from '../../src/domain/time.ts';
import { must } from '../support/http-app.ts';

const email = (name: string) => must(parseEmail(`${name}@example.com`));
const person = (name: string) => ({ id: must(parsePersonId('0198c1a0-0000-7000-8000-000000000001')), email: email(name) });
const group = (id: string): GroupRef => ({ directory: 'local', id, label: id });
const path = (policy: string, approvers: Approvers, options: ApprovalOptions = {}): ApprovalPath => ({
  policy,
  approvers,
  options: pathOptions(options),
});
const reviewers: Approvers = { kind: 'reviewers' };
const ofGroup = (...ids: string[]): Approvers => ({ kind: 'group', groups: ids.map(group), effect: 'keep' });
const request = { requestor: person('alice'), principal: person('bob') };
const members: Record<string, readonly string[]> = {
  platform: ['carol', 'dave'],
  all: ['alice', 'bob+work', 'carol'],
  company: Array.from({ length: 21 }, (_, number) => `p${number}`),
  team: Array.from({ length: 20 }, (_, number) => `p${number}`),
};
const membersOf: MembersOf = ({ id }) => members[id]?.map(email);
const keys = (paths: readonly ApprovalPath[], more: Partial<Parameters<typeof audienceOf>[1]> = {}, channels: [string, string][] = []) =>
  audienceOf(paths, { ...request, ...more }, new Map(channels), membersOf).map((to) => postingKey(posting('approval', to)));

describe('where approvers are asked', () => {
  it('is the usual channel where nothing else is said, also where nobody may approve', () => {
    expect(keys([])).toEqual(['approval']);
    expect(keys([path('A', reviewers), path('B', reviewers)])).toEqual(['approval']);
  });

  it("is each policy's own channel, once", () => {
    const channels: [string, string][] = [
      ['A', 'prod'],
      ['B', 'prod'],
      ['D', 'other'],
    ];
    expect(keys([path('A', reviewers), path('B', reviewers)], {}, channels)).toEqual(['approval#prod']);
    expect(keys([path('A', reviewers), path('C', reviewers)], {}, channels)).toEqual(['approval#prod', 'approval']);
  });

  it('is a direct message too for whoever is named, once', () => {
    const named = path('A', { kind: 'person', email: email('carol') });
    expect(keys([named, path('B', ofGroup('platform')), path('C', ofGroup('platform', 'all'))])).toEqual([
      'approval',
      'approval@carol@example.com',
      'approval@dave@example.com',
    ]);
  });

  it('leaves out who asked and who would gain, under whichever address, unless one party may decide', () => {
    expect(keys([path('A', ofGroup('all'))])).toEqual(['approval', 'approval@carol@example.com']);
    expect(keys([path('A', ofGroup('all'), { allowOneParty: true })])).toHaveLength(4);
  });

  it('leaves out who agreed already', () => {
    const endorsements = [{ by: person('carol'), at: instant(0), duration: toSeconds({ time: 1, unit: 'h' }), keyMakers: [] }];
    expect(keys([path('A', ofGroup('platform'))], { endorsements })).toEqual(['approval', 'approval@dave@example.com']);
  });

  it('is the channel alone for more than twenty, for groups that cannot be listed, and for everybody outside of one', () => {
    expect(keys([path('A', ofGroup('team'))])).toHaveLength(21);
    expect(keys([path('A', ofGroup('company'))])).toEqual(['approval']);
    expect(keys([path('A', ofGroup('unknown'))])).toEqual(['approval']);
    const outside = path('A', { kind: 'group', groups: [group('platform')], effect: 'remove' });
    expect(keys([outside])).toEqual(['approval']);
    expect(groupsAsked([outside, path('B', ofGroup('all'))])).toEqual([group('all')]);
  });
});
