import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isApprover } from '../../src/domain/approval-path.ts';
import type { Email } from '../../src/domain/ids.ts';
import { type Finding, type LintFacts } from '../../src/domain/lint-finding.ts';
import { createLinter } from '../../src/domain/lint-policies.ts';
import type { GroupRef, Policy, PolicyApproval, PolicyRequestor, PolicyResource } from '../../src/domain/policy.ts';
import { isSameJson } from '../../src/domain/same-json.ts';
import { route } from '../../src/domain/route.ts';
import type { Facts } from '../../src/domain/route-facts.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import type { Truth } from '../../src/domain/truth.ts';
import { createPatternMatch } from '../../src/patterns.ts';
import { email } from '../support/world.ts';

const matches = createPatternMatch();
const around: LintFacts = {
  matches,
  hasDirectory: (name) => name === 'local',
  hasOnCall: (name) => name === 'incidentio',
  hasService: (name) => name === 'pg',
  reviewers: { mailboxes: new Set(['carol@example.com']), groups: false },
};
const lint = (policies: readonly Policy[], facts: LintFacts = around): Finding[] => {
  const linter = createLinter(policies, facts);
  return [...linter.overall, ...policies.flatMap((_, index) => linter.lint(index))];
};
const said = (policies: readonly Policy[], facts?: LintFacts) => lint(policies, facts).map(({ code, path }) => `${code} ${path}`);

const policy = (changes: Partial<Policy> = {}): Policy => ({
  name: 'p',
  requestor: { type: 'any' },
  resource: { type: 'integration', service: 'pg' },
  approval: [{ type: 'p0' }],
  ...changes,
});
const group = (id: string, directory = 'local'): GroupRef => ({ directory, id, label: id });
const inGroups = (effect: 'keep' | 'remove', ...groups: GroupRef[]) => ({ type: 'group', groups, effect }) as const;
const deny: PolicyApproval = { type: 'deny' };
const next = (directory: string): PolicyApproval => ({
  type: 'p0',
  options: { nextGroups: { afterMinutes: 5, groups: [group('leads', directory)] } },
});
const named = (effect: 'keep' | 'remove', pattern: string): PolicyResource => ({
  type: 'integration',
  service: 'pg',
  filters: { 'a/b~': { effect, key: 'name', pattern } },
});

describe('a policy', () => {
  it('has nothing said about it where there is nothing wrong', () => {
    expect(lint([policy(), policy({ name: 'q', requestor: inGroups('keep', group('dba')) })])).toEqual([]);
    expect(lint([])).toEqual([]);
    // Nobody is a reviewer, and yet somebody can answer after a while.
    expect(lint([policy({ approval: [next('local')] })], { ...around, reviewers: { mailboxes: new Set(), groups: false } })).toEqual([]);
  });

  it.each<[string, readonly Policy[], readonly string[]]>([
    ['a next group cannot be looked up', [policy({ approval: [next('okta')] })], ['no-approver /rules/0/approval/0/options']],
    ['all are disabled', [policy({ disabled: true })], ['nothing-enabled /rules']],
    ['a deny is disabled', [policy(), policy({ disabled: true, approval: [deny] })], ['disabled-deny /rules/1/disabled']],
    ['two say the same', [policy({ disabled: null }), policy({ name: 'q' })], ['duplicate /rules/1']],
    [
      'it speaks of agents',
      [policy({ requestor: { type: 'agentic', agent: { type: 'any' }, user: { type: 'any' } } })],
      ['never-matches /rules/0/requestor'],
    ],
    ['its user is no address', [policy({ requestor: { type: 'user', uid: 'bob' } })], ['never-matches /rules/0/requestor']],
    ['it names no group', [policy({ requestor: inGroups('keep') })], ['never-matches /rules/0/requestor']],
    ['only "some" there is', [policy({ requestor: { type: 'some' } })], ['never-matches /rules/0/requestor']],
    ['its directory is unknown', [policy({ requestor: inGroups('keep', group('x', 'okta')) })], ['unknown-directory /rules/0/requestor']],
    [
      'nobody offers the service',
      [policy({ resource: { type: 'integration', service: 'aws' } })],
      ['unknown-service /rules/0/resource/service'],
    ],
    ['a pattern finds all', [policy({ resource: named('keep', '.*') })], ['pattern-finds-all /rules/0/resource/filters/a~1b~0/pattern']],
    [
      'a pattern finds none',
      [policy({ resource: named('remove', '^dev$.') })],
      ['pattern-finds-nothing /rules/0/resource/filters/a~1b~0/pattern'],
    ],
    ['it has no approval', [policy({ approval: [] })], ['opens-nothing /rules/0/approval']],
    [
      'another denies it all',
      [policy({ requestor: { type: 'user', uid: 'bob@example.com' } }), policy({ name: 'd', approval: [deny] })],
      ['unreachable /rules/0'],
    ],
    ['it denies what it grants', [policy({ approval: [{ type: 'p0' }, deny] })], ['unreachable /rules/0/approval/0']],
    ['it always grants', [policy({ approval: [{ type: 'p0' }, { type: 'persistent' }] })], ['unreachable /rules/0/approval/0']],
    [
      'everybody gets everything',
      [policy({ resource: { type: 'any' }, approval: [{ type: 'persistent' }] })],
      ['open-to-all /rules/0/approval/0'],
    ],
    [
      'everybody can take everything at once',
      [policy({ resource: { type: 'any' }, approval: [{ type: 'p0', options: { breakGlass: {} } }] })],
      ['open-to-all /rules/0/approval/0/options'],
    ],
    [
      'break-glass counts for nothing',
      [policy({ requestor: inGroups('keep', group('dba')), approval: [{ type: 'persistent', options: { breakGlass: {} } }] })],
      ['ignored /rules/0/approval/0/options'],
    ],
    [
      'some can take something at once',
      [policy({ requestor: inGroups('keep', group('dba')), approval: [{ type: 'p0', options: { breakGlass: {} } }] })],
      [],
    ],
    [
      'on-call is unknown',
      [policy({ approval: [{ type: 'p0' }, { type: 'auto', integration: 'pagerduty' }] })],
      ['unknown-on-call /rules/0/approval/1/integration'],
    ],
    [
      'no approver can be known',
      [
        policy({
          approval: [{ ...inGroups('keep', group('x', 'okta')) }, { type: 'escalation', integration: 'pagerduty', services: ['a'] }],
        }),
      ],
      ['no-approver /rules/0/approval/0/groups', 'unknown-on-call /rules/0/approval/1/integration', 'nobody-can-approve /rules/0/approval'],
    ],
    [
      'whoever asks may approve',
      [
        policy({
          requestor: inGroups('keep', group('dba')),
          approval: [{ ...inGroups('keep', group('dba'), group('ops')), options: { allowOneParty: true } }],
        }),
      ],
      ['self-approval /rules/0/approval/0/options'],
    ],
    [
      'a reviewer may approve for themselves',
      [policy({ requestor: { type: 'user', uid: 'Carol+x@example.com' }, approval: [{ type: 'p0', options: { allowOneParty: true } }] })],
      ['self-approval /rules/0/approval/0/options'],
    ],
  ])('is spoken of where %s', (_, policies, expected) => expect(said(policies)).toEqual(expected));

  it('has nobody to approve it where there is no reviewer', () => {
    const alone = { ...around, reviewers: { mailboxes: new Set<string>(), groups: false } };
    expect(said([policy()], alone)).toEqual(['no-approver /rules/0/approval/0/type', 'nobody-can-approve /rules/0/approval']);
    expect(said([policy()], { ...alone, reviewers: { mailboxes: new Set<string>(), groups: true } })).toEqual([]);
  });

  it('is told where its resource is wider than it reads', () => {
    const resource = { type: 'any', service: 'pg', accessType: null, filters: null } as const;
    expect(said([policy({ resource })])).toEqual(['ignored /rules/0/resource/service']);
  });
});

// What is claimed is put to the routing itself, with all people and rights of a small world.
const people = ['bob@example.com', 'carol@example.com'].map(email);
const groups = [group('a'), group('b'), group('x', 'okta')];
const anyRequestor: fc.Arbitrary<PolicyRequestor> = fc.oneof(
  fc.constantFrom<PolicyRequestor>({ type: 'any' }, { type: 'some' }, { type: 'user', uid: 'bob@example.com' }, { type: 'user', uid: 'x' }),
  fc.record({ type: fc.constant('group' as const), effect: fc.constantFrom('keep', 'remove'), groups: fc.subarray(groups) }),
);
const anyResource: fc.Arbitrary<PolicyResource> = fc.oneof(
  fc.constant<PolicyResource>({ type: 'any' }),
  fc.record({
    type: fc.constant('integration' as const),
    service: fc.constantFrom('pg', 'aws'),
    accessType: fc.constantFrom(null, 'any', 'role'),
    filters: fc.oneof(
      fc.constant(null),
      fc.record({
        role: fc.record({
          effect: fc.constantFrom('keep', 'remove', 'removeAll'),
          key: fc.constantFrom('name', 'other'),
          pattern: fc.constantFrom(null, '', '.*', '^dev$.', 'dev', '^prod'),
        }),
      }),
    ),
  }),
);
const options = fc.constantFrom(undefined, { allowOneParty: true });
const anyApproval: fc.Arbitrary<PolicyApproval> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom<PolicyApproval>(
        { type: 'p0' },
        { type: 'persistent' },
        { type: 'deny' },
        { type: 'auto', integration: 'pagerduty' },
        { type: 'auto', integration: 'incidentio' },
        { type: 'escalation', integration: 'pagerduty', services: ['s'] },
        { type: 'requestor-profile', directory: 'okta' },
      ),
      fc.record({ type: fc.constant('group' as const), effect: fc.constantFrom('keep', 'remove'), groups: fc.subarray(groups) }),
    ),
    options,
  )
  .map(([approval, chosen]) => ({ ...approval, options: chosen }));
const anyPolicies = fc
  .array(
    fc.record({
      requestor: anyRequestor,
      resource: anyResource,
      approval: fc.array(anyApproval, { maxLength: 3 }),
      disabled: fc.constantFrom(false, false, true),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => all.map((each, index): Policy => ({ name: `p${index}`, ...each })));

type Person = { readonly email: Email; readonly member: ReadonlySet<string>; readonly onCall: boolean };
const everyPerson: Person[] = people.flatMap((address) =>
  [[], ['a'], ['b'], ['a', 'b']].flatMap((member) => [true, false].map((onCall) => ({ email: address, member: new Set(member), onCall }))),
);
const factsOf = (person: Person) => ({
  email: person.email,
  isMember: ({ directory, id }: GroupRef): Truth => (directory === 'local' ? person.member.has(id) : 'unknown'),
  isOnCall: (integration: string): Truth => integration === 'incidentio' && person.onCall,
  profile: () => 'unknown' as const,
  lacks: ({ directory }: { readonly directory: string }) => `The directory ${directory}`,
});
const everyRight = ['pg', 'aws'].flatMap((service) =>
  ['role', 'db'].flatMap((accessType) =>
    ['dev', 'prod'].map((resource) => {
      return { integration: 'i', service, accessType, resource, attributes: { [accessType]: { name: [resource] } } };
    }),
  ),
);
const everyCase: Facts[] = everyPerson.flatMap((person) => everyRight.map((right) => ({ requestor: factsOf(person), right })));
const outcome = (policies: readonly Policy[], facts: Facts) => route(policies, defaultSettings, facts, matches);

/** What a finding says, as something that can be found to be wrong. */
const claims: Partial<Record<Finding['code'], (policies: readonly Policy[], index: number, finding: Finding) => void>> = {
  unreachable(policies, index, { path }) {
    const place = /approval\/(\d+)$/.exec(path)?.[1];
    const without = policies.map((each, at) => {
      if (at !== index) return each;
      const isLost = ({ type }: PolicyApproval, which: number) => (place === undefined ? type !== 'deny' : which === Number(place));
      return { ...each, approval: each.approval.filter((approval, which) => !isLost(approval, which)) };
    });
    expectSame(without, policies);
  },
  'never-matches': neverMatters,
  'pattern-finds-nothing'(policies, index, finding) {
    if (finding.severity === 'error') neverMatters(policies, index);
  },
  'nobody-can-approve'(policies, index) {
    const alone = policies.filter((_, at) => at === index);
    for (const facts of everyCase) {
      const found = outcome(alone, facts);
      expect(['ask', 'none', 'unavailable']).toContain(found.kind);
      if (found.kind === 'ask')
        for (const path of found.paths)
          for (const person of everyPerson) expect(isApprover(path, { ...factsOf(person), isReviewer: false })).not.toBe(true);
    }
  },
  'self-approval'(policies, index, { severity, path }) {
    if (severity !== 'warning') return;
    const place = Number(/approval\/(\d+)/.exec(path)?.[1]);
    const alone = policies
      .filter((_, at) => at === index)
      .map((each) => ({ ...each, approval: each.approval.filter((_, at) => at === place) }));
    for (const facts of everyCase) {
      const found = outcome(alone, facts);
      if (found.kind !== 'ask') continue;
      const [only] = found.paths;
      if (only === undefined) throw new Error('no path');
      expect(isApprover(only, { ...facts.requestor, isReviewer: false })).toBe(true);
    }
  },
};

function expectSame(some: readonly Policy[], others: readonly Policy[]): void {
  const different = everyCase.find((facts) => !isSameJson(outcome(some, facts), outcome(others, facts)));
  expect(different && [outcome(some, different), outcome(others, different)]).toBeUndefined();
}

function neverMatters(policies: readonly Policy[], index: number): void {
  const without = policies.map((each, at) => (at === index ? { ...each, disabled: true } : each));
  expectSame(without, policies);
}

it('is said only where routing agrees for every person and every right', () => {
  const seen = new Map<string, number>();
  const nobody = { ...around, reviewers: { mailboxes: new Set<string>(), groups: false } };
  fc.assert(
    fc.property(anyPolicies, (policies) => {
      for (const finding of lint(policies, nobody)) {
        const claim = claims[finding.code];
        const index = policies.findIndex(({ name }) => name === finding.policy);
        if (claim === undefined) continue;
        claim(policies, index, finding);
        seen.set(finding.code, (seen.get(finding.code) ?? 0) + 1);
      }
    }),
    { numRuns: 250, seed: 7 },
  );
  expect([...seen.keys()].toSorted()).toEqual(Object.keys(claims).toSorted());
});
