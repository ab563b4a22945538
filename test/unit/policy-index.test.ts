import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { parseEmail } from '../../src/domain/ids.ts';
import { createPolicyIndex } from '../../src/domain/policy-index.ts';
import { type Attribute, matchPolicies, type RightFacts, resourceMatches } from '../../src/domain/policy-match.ts';
import type { Policy, PolicyApproval, PolicyFilter, PolicyRequestor, PolicyResource } from '../../src/domain/policy.ts';
import { requiredLiteral } from '../../src/domain/required-literal.ts';
import { route } from '../../src/domain/route.ts';
import { neededFacts, type RequestorFacts } from '../../src/domain/route-facts.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { createPatternMatch } from '../../src/patterns.ts';

const matches = createPatternMatch();
const compiles = (pattern: string): boolean => {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
};

/** Few letters, so that patterns and names meet often. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', '1', '.', ']', '|', 'é', '😀', '\n'), maxLength: 14 });
const atom = fc.oneof(
  name,
  name.map((text) => text.replaceAll(/[.\]|-]/g, String.raw`\$&`)),
  fc.constantFrom(
    '.',
    '^',
    '$',
    '[ab]',
    '[^a]',
    '[]a]',
    '[^]]',
    '[[:alpha:]]',
    '[a\\]]',
    '[|]',
    '(',
    ')',
    '(?:',
    '(?i)',
    '(?P<n>',
    '|',
    '\\d',
  ),
  fc.constantFrom(
    '\\w',
    '\\b',
    '\\Qa.b\\E',
    '\\x61',
    '\\x{61}',
    '\\pL',
    '\\p{L}',
    '\\141',
    '\\A',
    '\\z',
    '\\n',
    '\\-',
    '{',
    '}',
    '(ab)',
    '(a|b)',
  ),
);
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{0}', '{1}', '{0,2}', '{2,}', '{2}?', '{,2}');
const pattern = fc
  .array(fc.tuple(atom, quantifier), { maxLength: 5 })
  .map((parts) => parts.map((part) => part.join('')).join(''))
  .filter(compiles);

describe('requiredLiteral', () => {
  it.each<[string, string | undefined]>([
    ['^prod-db-7$', 'prod-db-7'],
    [String.raw`\.example\.com$`, '.example.com'],
    ['abc?defg', 'defg'],
    ['abcd?e', 'abc'],
    ['abc+d', 'abc'],
    ['(x|y)abc(?:z)*', 'abc'],
    ['abc|abd', undefined],
    ['(abc', undefined],
    ['(?i)abc', undefined],
    [String.raw`\Qabc\E`, undefined],
    ['[abc]+', undefined],
    ['[]abc]d', 'd'],
    ['.*', undefined],
    ['', undefined],
    ['a😀*bc', 'bc'],
  ])('of %j is %j', (given, literal) => {
    expect(requiredLiteral(given)).toBe(literal);
  });

  it('is in whatever the pattern is found in', () => {
    fc.assert(
      fc.property(pattern, fc.array(name, { minLength: 1, maxLength: 20 }), (some, texts) => {
        const literal = requiredLiteral(some);
        for (const text of texts) if (literal !== undefined && matches(some, text)) expect(text).toContain(literal);
      }),
      { numRuns: 5_000 },
    );
  });
});

const email = (text: string) => {
  const parsed = parseEmail(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};
const group = (id: string) => ({ directory: 'local', id, label: id });
const requestor = fc.constantFrom<PolicyRequestor>(
  { type: 'any' },
  { type: 'some' },
  { type: 'user', uid: 'bob@example.com' },
  { type: 'user', uid: 'Bob+x@example.com' },
  { type: 'user', uid: 'eve@example.com' },
  { type: 'user', uid: '*' },
  { type: 'group', groups: [group('in'), group('doubt')], effect: 'keep' },
  { type: 'group', groups: [group('in')], effect: 'remove' },
  { type: 'group', ...group('doubt') },
  { type: 'agentic', agent: { type: 'any' }, user: { type: 'any' } },
);
const attributeName = fc.constantFrom('role', 'integration', 'sudo', 'tag', '__proto__', 'any');
const key = fc.constantFrom('name', 'env', '', 'constructor', null, undefined);
const filter: fc.Arbitrary<PolicyFilter> = fc.record(
  {
    effect: fc.constantFrom('keep', 'keep', 'keep', 'remove', 'removeAll'),
    key,
    pattern: fc.option(fc.oneof(pattern, name.filter(compiles)), { nil: null }),
    value: fc.constantFrom(true, false, null),
  },
  { requiredKeys: ['effect'] },
);
const named = <T>(value: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(attributeName, value), { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
const service = fc.constantFrom('pg', 'ssh', 'any', '*');
const accessType = fc.constantFrom('role', 'any', 'session');
/** What real policies look like, and what they often meet. */
const plain = fc.constantFrom('ab', 'a+b', '^a', 'b-1?', '-a', '1$', 'abca', '^a[bc]', 'c{1,2}', 'bb', 'ac|b', '[ab]c').map(
  (each): PolicyResource => ({
    type: 'integration',
    service: 'pg',
    filters: { role: { effect: 'keep', key: 'name', pattern: each } },
  }),
);
const resource: fc.Arbitrary<PolicyResource> = fc.oneof(
  { weight: 4, arbitrary: plain },
  { weight: 1, arbitrary: fc.constant({ type: 'any' as const }) },
  {
    weight: 6,
    arbitrary: fc.record(
      {
        type: fc.constant('integration' as const),
        service,
        accessType: fc.option(accessType, { nil: null }),
        filters: fc.option(named(filter), { nil: null }),
      },
      { requiredKeys: ['type', 'service'] },
    ),
  },
);
const approval = fc.constantFrom<PolicyApproval>(
  { type: 'p0' },
  { type: 'deny' },
  { type: 'persistent' },
  { type: 'auto', integration: 'pagerduty' },
  { type: 'requestor-profile', directory: 'local' },
  { type: 'group', groups: [group('leads')], effect: 'keep' },
);
const policies: fc.Arbitrary<Policy[]> = fc
  .array(
    fc.record({
      disabled: fc.constantFrom(false, false, false, true, null),
      requestor,
      resource,
      approval: fc.array(approval, { maxLength: 2 }),
    }),
    {
      minLength: 3,
      maxLength: 30,
      size: 'max',
    },
  )
  .map((all) => all.map((each, at) => ({ name: `p${at}`, ...each })));
const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.boolean(),
  fc
    .array(fc.tuple(key.map(String), fc.array(name, { maxLength: 3 })), { maxLength: 3 })
    .map((entries) => Object.fromEntries(entries.map(([each, values]) => [each === 'null' ? '' : each, values]))),
);
const plainRight = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', '1'), maxLength: 10 }).map(
  (each): RightFacts => ({
    integration: 'sample',
    service: 'pg',
    accessType: 'role',
    resource: each,
    attributes: { role: { name: [each] } },
  }),
);
const anyRight: fc.Arbitrary<RightFacts> = fc.record(
  { integration: fc.constant('sample'), service, accessType, resource: name, attributes: named(attribute) },
  { requiredKeys: ['integration', 'service', 'accessType', 'resource'] },
);
const right = fc.oneof(plainRight, anyRight);
const person = fc.constantFrom(email('bob@example.com'), email('bob+y@example.com'), email('eve@example.com'), email('zoe@example.com'));

const indexOf = (all: readonly Policy[]) => {
  const index = createPolicyIndex();
  for (const each of all) index.add(each);
  return index;
};

const hasLiteral = (filters: Readonly<Record<string, PolicyFilter>> | null | undefined): boolean =>
  Object.values(filters ?? {}).some((each) => each.effect === 'keep' && requiredLiteral(each.pattern ?? '') !== undefined);

describe('an index of policies', () => {
  it('finds, in their order, what the loop over all finds', () => {
    let found = 0;
    let byName = 0;
    fc.assert(
      fc.property(policies, person, right, (all, who, about) => {
        const index = indexOf(all);
        const candidates = index.candidates(who, about);
        const isMember: RequestorFacts['isMember'] = ({ id }) => (id === 'in' ? true : id === 'doubt' ? 'unknown' : false);
        const linear = matchPolicies(all, who, isMember, about, matches);
        expect(matchPolicies(candidates, who, isMember, about, matches)).toEqual(linear);
        expect(neededFacts(candidates, who, about, matches)).toEqual(neededFacts(all, who, about, matches));
        const facts = {
          requestor: {
            email: who,
            isMember,
            isOnCall: () => 'unknown' as const,
            profile: () => 'unknown' as const,
            lacks: () => undefined,
          },
          right: about,
        };
        const outcome = candidates.length === 0 && all.length > 0 ? { kind: 'none' } : route(candidates, defaultSettings, facts, matches);
        expect(outcome).toEqual(route(all, defaultSettings, facts, matches));
        const concerned = new Set(index.concerned(about));
        for (const each of all)
          if (each.disabled !== true && resourceMatches(each.resource, about, matches)) expect(concerned.has(each)).toBe(true);
        found += linear.length;
        byName += linear.filter(({ policy }) => policy.resource.type === 'integration' && hasLiteral(policy.resource.filters)).length;
      }),
      { numRuns: 1_500 },
    );
    expect(found).toBeGreaterThan(500);
    expect(byName).toBeGreaterThan(50);
  });

  it('leaves out what cannot match', () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `prod-db-${String(at).padStart(4, '0')}`);
    const rule = (at: string): Policy => ({
      name: at,
      requestor: { type: 'any' },
      resource: { type: 'integration', service: 'pg', filters: { role: { effect: 'keep', key: 'name', pattern: `^${at}$` } } },
      approval: [],
    });
    const index = indexOf(names.map(rule));
    const about = {
      integration: 'sample',
      service: 'pg',
      accessType: 'role',
      resource: 'x',
      attributes: { role: { name: ['prod-db-0777'] } },
    };
    expect(index.candidates(email('bob@example.com'), about).map((each) => each.name)).toEqual(['prod-db-0777']);
  });
});
