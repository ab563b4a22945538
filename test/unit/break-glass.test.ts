import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { breakGlassBy, longestBreakGlass } from '../../src/domain/break-glass.ts';
import { parseEmail } from '../../src/domain/ids.ts';
import type { Policy, PolicyApproval } from '../../src/domain/policy.ts';
import type { Facts } from '../../src/domain/route-facts.ts';
import type { Truth } from '../../src/domain/truth.ts';
import { createPatternMatch } from '../../src/patterns.ts';

const email = parseEmail('bob@example.com');
if (email === undefined) throw new Error('that is an address');
const matches = createPatternMatch();
const right = {
  integration: 'sample',
  service: 'pg',
  accessType: 'role',
  resource: 'readonly',
  attributes: { role: { name: ['readonly'] } },
};
const facts = (isMember: Truth, besides: Partial<Facts['requestor']> = {}): Facts => ({
  right,
  requestor: { email, isMember: () => isMember, isOnCall: () => 'unknown', profile: () => 'unknown', lacks: () => undefined, ...besides },
});
const group = { directory: 'local', id: 'oncall', label: 'On call' };
const glass = (maxMinutes?: number): PolicyApproval => ({
  type: 'p0',
  options: { breakGlass: maxMinutes === undefined ? {} : { maxMinutes } },
});
const policy = (name: string, ...approval: PolicyApproval[]): Policy => ({
  name,
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval,
});
const ofGroup = (name: string, ...approval: PolicyApproval[]): Policy => ({
  ...policy(name, ...approval),
  requestor: { type: 'group', groups: [group], effect: 'keep' },
});
const may = (policies: readonly Policy[], isMember: Truth = true) => breakGlassBy(policies, facts(isMember), matches);

describe('what may be taken at once', () => {
  it('is what an approval says that people would have to give, for so long at most', () => {
    expect(may([policy('one', glass())])).toEqual({ kind: 'may', policy: 'one', policies: ['one'], atMost: longestBreakGlass });
    expect(may([policy('one', glass(10), glass(20)), policy('two', glass(30))])).toEqual({
      kind: 'may',
      policy: 'two',
      policies: ['two', 'one'],
      atMost: 1800,
    });
    // A document that was stored by somebody else says no more than this release lets it.
    expect(may([policy('one', glass(600))])).toMatchObject({ atMost: longestBreakGlass });
  });

  it.each([
    ['nothing is stored', []],
    ['no approval says so', [policy('one', { type: 'p0' }, { type: 'p0', options: { breakGlass: null } })]],
    [
      'nobody would have to give it',
      [
        policy(
          'one',
          { type: 'persistent', options: { breakGlass: {} } },
          { type: 'auto', integration: 'pagerduty', options: { breakGlass: {} } },
        ),
      ],
    ],
    ['it is disabled', [{ ...policy('one', glass()), disabled: true }]],
  ] satisfies readonly (readonly [string, readonly Policy[]])[])('is nothing where %s', (_what, policies) => {
    expect(may(policies)).toEqual({ kind: 'closed' });
  });

  it('depends on who asks, and fails closed', () => {
    const policies = [ofGroup('on call', glass())];
    expect(may(policies, true)).toMatchObject({ kind: 'may' });
    expect(may(policies, false)).toEqual({ kind: 'closed' });
    expect(may(policies, 'unknown')).toMatchObject({ kind: 'unavailable', what: 'directory local' });
    // What is certain does not need what is not.
    expect(may([policy('one', glass(5)), ...policies], 'unknown')).toMatchObject({ kind: 'may', policy: 'one', atMost: 300 });
  });

  it('does not depend on who is on call, or who could approve', () => {
    const profile: PolicyApproval = { type: 'requestor-profile', directory: 'okta', options: { breakGlass: {} } };
    expect(may([policy('one', { type: 'auto', integration: 'pagerduty' }, profile)])).toMatchObject({ kind: 'may' });
  });

  it('is nothing that is denied, or may be', () => {
    expect(may([policy('one', glass()), policy('no', { type: 'deny' })])).toEqual({ kind: 'denied', policy: 'no' });
    const policies = [policy('one', glass()), ofGroup('no', { type: 'deny' })];
    expect(may(policies, true)).toEqual({ kind: 'denied', policy: 'no' });
    expect(may(policies, 'unknown')).toMatchObject({ kind: 'unavailable' });
    expect(may(policies, false)).toMatchObject({ kind: 'may' });
  });

  it('is never opened by more policies that deny, nor ever longer than an hour, nor by what does not certainly match', () => {
    const approval = fc.oneof(
      fc.constant<PolicyApproval>({ type: 'deny' }),
      fc.constant<PolicyApproval>({ type: 'p0' }),
      fc.constant<PolicyApproval>({ type: 'persistent', options: { breakGlass: {} } }),
      fc.integer({ min: 1, max: 10_000 }).map(glass),
    );
    const some = fc
      .array(fc.tuple(fc.boolean(), fc.array(approval, { maxLength: 3 })), { maxLength: 5 })
      .map((each) => each.map(([isOfGroup, approvals], index) => (isOfGroup ? ofGroup : policy)(`rule ${index}`, ...approvals)));
    fc.assert(
      fc.property(some, fc.constantFrom<Truth>(true, false, 'unknown'), (policies, isMember) => {
        const found = may(policies, isMember);
        const opens = ({ requestor, approval: ways }: Policy, type: PolicyApproval['type'], least: Truth) =>
          (requestor.type === 'any' || isMember === true || isMember === least) &&
          ways.some((each) => (type === 'deny' ? each.type === 'deny' : each.type === 'p0' && each.options?.breakGlass !== undefined));
        const isDenied = policies.some((each) => opens(each, 'deny', 'unknown'));
        expect(found.kind === 'may').toBe(!isDenied && policies.some((each) => opens(each, 'p0', true)));
        if (found.kind === 'may') expect(found.atMost).toBeLessThanOrEqual(longestBreakGlass);
        expect(may([...policies, policy('no', { type: 'deny' })], isMember).kind).toBe('denied');
      }),
    );
  });
});
