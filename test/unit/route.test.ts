import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ApprovalPath, type ApproverFacts, describeApprovers, isApprover, openPaths } from '../../src/domain/approval-path.ts';
import { type Email, parseEmail } from '../../src/domain/ids.ts';
import type { GroupRef, Policy, PolicyApproval, PolicyFilter, PolicyRequestor, PolicyResource } from '../../src/domain/policy.ts';
import type { Attribute, RightFacts } from '../../src/domain/policy-match.ts';
import { approverNeeds, neededFacts, type RequestorFacts } from '../../src/domain/route-facts.ts';
import { type Outcome, requirementsOf, route } from '../../src/domain/route.ts';
import { defaultSettings } from '../../src/domain/settings.ts';

const email = (text: string): Email => {
  const parsed = parseEmail(text);
  if (parsed === undefined) throw new Error(`${text} is not an address`);
  return parsed;
};
const bob = email('bob@example.com');
const manager = email('meg@example.com');
const group = (id: string, directory = 'local'): GroupRef => ({ directory, id, label: `The ${id}` });
const matches = (pattern: string, text: string): boolean => new RegExp(pattern).test(text);
const right: RightFacts = { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' };
const nothingKnown: RequestorFacts = {
  email: bob,
  isMember: () => 'unknown',
  isOnCall: () => 'unknown',
  profile: () => 'unknown',
  lacks: () => undefined,
};
const bobFacts: RequestorFacts = {
  email: bob,
  isMember: ({ directory, id }) => (directory === 'local' ? id === 'dev' : 'unknown'),
  isOnCall: (integration) => (integration === 'pagerduty' ? true : 'unknown'),
  profile: (directory, property) => (directory === 'local' ? (property === 'manager' ? manager : undefined) : 'unknown'),
  lacks: () => undefined,
};
const offCall: RequestorFacts = { ...bobFacts, isOnCall: () => false };

const noOptions = { allowOneParty: false, requireReason: false, requireDuration: false, requirePreapproval: false };
const p0: PolicyApproval = { type: 'p0' };
const policy = (approval: readonly PolicyApproval[], parts: Partial<Policy> = {}): Policy => ({
  name: 'rule',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval,
  ...parts,
});
const outcome = (policies: readonly Policy[], requestor = bobFacts, about = right): Outcome =>
  route(policies, defaultSettings, { requestor, right: about }, matches);
const kind = (policies: readonly Policy[], requestor = bobFacts, about = right): string => outcome(policies, requestor, about).kind;
const reviewers: ApprovalPath = { policy: 'rule', approvers: { kind: 'reviewers' }, options: noOptions };

describe('no policy at all', () => {
  it('asks the security reviewers, with the options of the settings', () => {
    expect(outcome([], nothingKnown)).toEqual({ kind: 'ask', paths: [{ ...reviewers, policy: 'Default approvals' }] });
    const settings = { defaultApprovals: { allowOneParty: true, requireReason: true } };
    expect(route([], settings, { requestor: bobFacts, right }, matches)).toMatchObject({
      paths: [{ options: { allowOneParty: true, requireReason: true, requireDuration: false } }],
    });
  });
  it('is over with the first stored one, even a disabled one', () => {
    expect(outcome([policy([p0], { disabled: true })])).toEqual({ kind: 'none' });
  });
});

describe('requestors', () => {
  it.each<[PolicyRequestor, string]>([
    [{ type: 'any' }, 'ask'],
    [{ type: 'user', uid: 'bob@example.com' }, 'ask'],
    [{ type: 'user', uid: 'Bob+x@Example.com' }, 'ask'],
    [{ type: 'user', uid: 'alice@example.com' }, 'none'],
    [{ type: 'user', uid: 'bob' }, 'none'],
    [{ type: 'group', effect: 'keep', groups: [group('ops'), group('dev')] }, 'ask'],
    [{ type: 'group', effect: 'keep', groups: [group('ops')] }, 'none'],
    [{ type: 'group', effect: 'keep', groups: [] }, 'none'],
    [{ type: 'group', effect: 'remove', groups: [group('ops')] }, 'ask'],
    [{ type: 'group', effect: 'remove', groups: [group('ops'), group('dev')] }, 'none'],
    [{ type: 'group', effect: 'remove', groups: [] }, 'ask'],
    [{ type: 'group', ...group('dev') }, 'ask'],
    [{ type: 'group', ...group('ops') }, 'none'],
    [{ type: 'agentic', agent: { type: 'any' }, user: { type: 'any' } }, 'none'],
    [{ type: 'some' }, 'none'],
    // A directory that does not answer is neither a yes nor a no, unless the answer cannot matter.
    [{ type: 'group', effect: 'keep', groups: [group('dev', 'okta')] }, 'unavailable'],
    [{ type: 'group', effect: 'remove', groups: [group('dev', 'okta')] }, 'unavailable'],
    [{ type: 'group', effect: 'keep', groups: [group('dev', 'okta'), group('dev')] }, 'ask'],
    [{ type: 'group', effect: 'remove', groups: [group('dev', 'okta'), group('dev')] }, 'none'],
  ])('%j → %s', (requestor, expected) => {
    expect(kind([policy([p0], { requestor })])).toBe(expected);
  });
});

describe('resources', () => {
  const resource = (parts: object): PolicyResource => ({ type: 'integration', service: 'pg', ...parts });
  it.each<[PolicyResource, string]>([
    [resource({}), 'ask'],
    [resource({ accessType: null, filters: null }), 'ask'],
    [resource({ accessType: 'any', filters: {} }), 'ask'],
    [resource({ accessType: 'role' }), 'ask'],
    [resource({ accessType: 'session' }), 'none'],
    [resource({ service: 'aws' }), 'none'],
    [resource({ service: 'any' }), 'none'],
  ])('%j → %s', (given, expected) => {
    expect(kind([policy([p0], { resource: given })])).toBe(expected);
  });

  const attributes: Record<string, Attribute> = { tag: { env: ['dev', 'test'], empty: [] }, sudo: true, quiet: false };
  it.each<[string, PolicyFilter, boolean]>([
    ['tag', { effect: 'keep', key: 'env', pattern: '^dev$' }, true],
    ['tag', { effect: 'keep', key: 'env', pattern: 'es' }, true],
    ['tag', { effect: 'keep', key: 'env', pattern: '^prod$' }, false],
    ['tag', { effect: 'keep', key: 'env', pattern: null }, true],
    ['tag', { effect: 'keep', key: 'owner', pattern: '.*' }, false],
    ['tag', { effect: 'keep', key: 'empty' }, false],
    ['tag', { effect: 'keep', key: '__proto__' }, false],
    ['tag', { effect: 'keep', pattern: 'dev' }, false],
    ['other', { effect: 'keep', key: 'env', pattern: 'dev' }, false],
    ['__proto__', { effect: 'keep', key: 'constructor' }, false],
    ['tag', { effect: 'remove', key: 'env', pattern: '^dev$' }, false],
    ['tag', { effect: 'remove', key: 'env', pattern: '^prod$' }, true],
    ['tag', { effect: 'remove', key: 'owner', pattern: '.*' }, true],
    ['other', { effect: 'remove', key: 'env', pattern: 'dev' }, true],
    ['tag', { effect: 'removeAll', key: 'env' }, false],
    ['tag', { effect: 'removeAll', key: 'owner' }, true],
    ['tag', { effect: 'removeAll' }, false],
    ['other', { effect: 'removeAll' }, true],
    ['sudo', { effect: 'keep', value: true }, true],
    ['sudo', { effect: 'keep', value: false }, false],
    ['sudo', { effect: 'keep', value: null }, false],
    ['sudo', { effect: 'remove', value: true }, false],
    ['sudo', { effect: 'removeAll' }, false],
    ['quiet', { effect: 'keep', value: false }, true],
    ['missing', { effect: 'keep', value: false }, false],
  ])('filter %s %j → %s', (name, filter, passes) => {
    const filters = Object.fromEntries([[name, filter]]);
    expect(kind([policy([p0], { resource: resource({ filters }) })], bobFacts, { ...right, attributes })).toBe(passes ? 'ask' : 'none');
  });
  it('need all of their filters', () => {
    const filters = { tag: { effect: 'keep', key: 'env', pattern: 'dev' }, sudo: { effect: 'keep', value: false } };
    expect(kind([policy([p0], { resource: resource({ filters }) })], bobFacts, { ...right, attributes })).toBe('none');
  });
});

describe('approvals', () => {
  it('become paths with their own options', () => {
    const policies = [
      policy([
        { type: 'p0', options: { requireReason: true, allowOneParty: null } },
        { type: 'group', groups: [group('ops')], effect: 'keep', options: { allowOneParty: true } },
      ]),
      policy(
        [
          { type: 'requestor-profile', directory: 'local' },
          { type: 'escalation', integration: 'pagerduty', services: ['db'], options: null },
        ],
        { name: 'other' },
      ),
    ];
    expect(outcome(policies)).toEqual({
      kind: 'ask',
      paths: [
        { ...reviewers, options: { ...noOptions, requireReason: true } },
        {
          policy: 'rule',
          approvers: { kind: 'group', groups: [group('ops')], effect: 'keep' },
          options: { ...noOptions, allowOneParty: true },
        },
        { policy: 'other', approvers: { kind: 'person', email: manager }, options: noOptions },
        { policy: 'other', approvers: { kind: 'on-call', integration: 'pagerduty', services: ['db'] }, options: noOptions },
      ],
    });
  });
  it('settle without people: deny, then persistent, then auto', () => {
    const auto: PolicyApproval = { type: 'auto', integration: 'pagerduty', options: { requireReason: true } };
    const all = [
      policy([p0]),
      policy([auto], { name: 'auto' }),
      policy([{ type: 'persistent' }], { name: 'standing' }),
      policy([{ type: 'deny' }], { name: 'no' }),
    ];
    expect(outcome(all)).toEqual({ kind: 'deny', policy: 'no' });
    expect(outcome(all.slice(0, 3))).toEqual({ kind: 'persistent', policy: 'standing', options: noOptions });
    expect(outcome(all.slice(0, 2))).toEqual({ kind: 'auto', policy: 'auto', options: { ...noOptions, requireReason: true } });
    expect(outcome(all.slice(0, 2), offCall)).toEqual({ kind: 'ask', paths: [reviewers] });
  });
  it('that are none allow nothing', () => {
    expect(outcome([policy([])])).toEqual({ kind: 'none' });
    expect(outcome([policy([]), policy([p0])])).toEqual({ kind: 'ask', paths: [reviewers] });
  });
  it('may leave nobody to ask', () => {
    expect(outcome([policy([{ type: 'auto', integration: 'pagerduty' }])], offCall)).toEqual({
      kind: 'ask',
      paths: [],
      deadEnds: ['rule'],
    });
    expect(outcome([policy([{ type: 'requestor-profile', directory: 'local', profileProperty: 'mentor' }])])).toEqual({
      kind: 'ask',
      paths: [],
      deadEnds: ['rule'],
    });
  });
});

describe('some', () => {
  const some = policy([{ type: 'persistent' }], { name: 'some', requestor: { type: 'some' } });
  const forGroup = (id: string, directory: string): Policy =>
    policy([p0], { requestor: { type: 'group', effect: 'keep', groups: [group(id, directory)] } });
  it('adds to what another policy allows', () => {
    expect(kind([some, policy([p0])])).toBe('persistent');
  });
  it('opens nothing alone, with its like, or beside one that does not match', () => {
    expect(kind([some])).toBe('none');
    expect(kind([some, { ...some, approval: [p0] }])).toBe('none');
    expect(kind([some, forGroup('ops', 'local')])).toBe('none');
    expect(kind([some, policy([p0], { disabled: true })])).toBe('none');
    expect(kind([some, policy([p0], { resource: { type: 'integration', service: 'aws' } })])).toBe('none');
  });
  it('is as unknown as what it leans on', () => {
    expect(kind([some, forGroup('dev', 'okta')])).toBe('unavailable');
    expect(kind([some, forGroup('dev', 'okta'), policy([p0])])).toBe('persistent');
  });
});

describe('what cannot be looked up', () => {
  const maybe = (approval: PolicyApproval): Policy =>
    policy([approval], { name: 'maybe', requestor: { type: 'group', effect: 'keep', groups: [group('dev', 'okta')] } });
  const deny = policy([{ type: 'deny' }]);
  const persistent = policy([{ type: 'persistent' }]);
  it('is named', () => {
    const isConfigured = true;
    expect(outcome([maybe(p0)])).toEqual({ kind: 'unavailable', what: 'directory okta', isConfigured });
    expect(outcome([policy([{ type: 'auto', integration: 'incidentio' }])])).toEqual({
      kind: 'unavailable',
      what: 'on-call service incidentio',
      isConfigured,
    });
    expect(outcome([policy([p0, { type: 'requestor-profile', directory: 'workspace' }])])).toEqual({
      kind: 'unavailable',
      what: 'directory workspace',
      isConfigured,
    });
  });
  it('is named last where it is not even configured: what may answer in a moment is waited for first', () => {
    const facts: RequestorFacts = {
      ...nothingKnown,
      lacks: ({ directory, group: id }) => (directory === 'okta' ? `${directory}/${id}` : undefined),
    };
    expect(outcome([maybe(p0)], facts)).toEqual({ kind: 'unavailable', what: 'okta/dev', isConfigured: false });
    const other = policy([{ type: 'requestor-profile', directory: 'workspace' }]);
    expect(outcome([maybe(p0), other], facts)).toEqual({ kind: 'unavailable', what: 'directory workspace', isConfigured: true });
  });
  it('never weakens a deny', () => {
    expect(kind([maybe({ type: 'deny' }), persistent, policy([p0])])).toBe('unavailable');
    expect(kind([maybe(p0), deny])).toBe('deny');
    expect(kind([maybe({ type: 'deny' }), deny])).toBe('deny');
  });
  it('is let be where it could not change the outcome', () => {
    expect(kind([maybe(p0), persistent])).toBe('persistent');
    expect(kind([maybe({ type: 'persistent' }), policy([{ type: 'auto', integration: 'pagerduty' }])])).toBe('unavailable');
    expect(kind([maybe(p0), policy([p0])])).toBe('unavailable');
    expect(kind([maybe(p0), policy([p0])].map((each, at) => (at === 0 ? { ...each, disabled: true } : each)))).toBe('ask');
  });
});

describe('neededFacts', () => {
  it('names what could matter, each once', () => {
    const policies = [
      policy([p0, { type: 'auto', integration: 'pagerduty' }], {
        requestor: { type: 'group', effect: 'keep', groups: [group('a'), group('b', 'okta')] },
      }),
      policy(
        [
          { type: 'requestor-profile', directory: 'local' },
          { type: 'auto', integration: 'pagerduty' },
        ],
        { requestor: { type: 'group', ...group('a') } },
      ),
      policy([{ type: 'auto', integration: 'incidentio' }], { requestor: { type: 'user', uid: 'alice@example.com' } }),
      policy([p0], { requestor: { type: 'group', ...group('c') }, resource: { type: 'integration', service: 'aws' } }),
      policy([p0], { requestor: { type: 'group', ...group('d') }, disabled: true }),
    ];
    expect(neededFacts(policies, bob, right, matches)).toEqual({
      groups: [group('a'), group('b', 'okta')],
      onCalls: [{ integration: 'pagerduty', services: undefined }],
      profiles: [{ directory: 'local', property: 'manager' }],
    });
  });
  it('is all that route asks for', () => {
    const { policies } = arbitraries();
    fc.assert(
      fc.property(policies, (some) => {
        const needs = neededFacts(some, bob, right, matches);
        const asked: string[] = [];
        const watched: RequestorFacts = {
          email: bob,
          isMember: (each) => (asked.push(`${each.directory}/${each.id}`), true),
          isOnCall: (integration) => (asked.push(integration), false),
          profile: (directory, property) => (asked.push(`${directory}:${property}`), undefined),
          lacks: () => undefined,
        };
        outcome(some, watched);
        const known = [
          ...needs.groups.map((each) => `${each.directory}/${each.id}`),
          ...needs.onCalls.map((each) => each.integration),
          ...needs.profiles.map((each) => `${each.directory}:${each.property}`),
        ];
        expect(asked.filter((each) => !known.includes(each))).toEqual([]);
      }),
    );
  });
});

function arbitraries() {
  const groupRef = fc.constantFrom('a', 'b', 'c').map((id) => group(id));
  const effect = fc.constantFrom<'keep' | 'remove'>('keep', 'remove');
  const requestor = fc.oneof(
    fc.constantFrom<PolicyRequestor>(
      { type: 'any' },
      { type: 'some' },
      { type: 'user', uid: 'bob@example.com' },
      { type: 'user', uid: 'al@example.com' },
    ),
    fc.record({ type: fc.constant('group' as const), groups: fc.array(groupRef, { maxLength: 2 }), effect }),
  );
  const approval = fc.constantFrom<PolicyApproval>(
    p0,
    { type: 'deny' },
    { type: 'persistent' },
    { type: 'auto', integration: 'pagerduty' },
    { type: 'requestor-profile', directory: 'local' },
    { type: 'group', groups: [group('a')], effect: 'keep' },
  );
  const one = fc.record({
    name: fc.string(),
    disabled: fc.constantFrom(true, false, null),
    requestor,
    resource: fc.constantFrom<PolicyResource>(
      { type: 'any' },
      { type: 'integration', service: 'pg' },
      { type: 'integration', service: 'aws' },
    ),
    approval: fc.array(approval, { maxLength: 3 }),
  });
  const truth = fc.constantFrom<boolean | 'unknown'>(true, false, 'unknown');
  return {
    policies: fc.array(one, { minLength: 1, maxLength: 5 }),
    truths: fc.record({ a: truth, b: truth, c: truth, call: truth, profile: truth }),
  };
}

describe('an unknown fact', () => {
  const { policies, truths } = arbitraries();
  type Truths = {
    a: boolean | 'unknown';
    b: boolean | 'unknown';
    c: boolean | 'unknown';
    call: boolean | 'unknown';
    profile: boolean | 'unknown';
  };
  const factsOf = (known: Truths): RequestorFacts => ({
    email: bob,
    isMember: ({ id }) => (id === 'a' ? known.a : id === 'b' ? known.b : known.c),
    isOnCall: () => known.call,
    profile: () => (known.profile === 'unknown' ? 'unknown' : known.profile ? manager : undefined),
    lacks: () => undefined,
  });
  /** Every way in which the unknown could turn out. */
  const completions = (known: Truths): Truths[] => {
    const open = (['a', 'b', 'c', 'call', 'profile'] as const).find((key) => known[key] === 'unknown');
    return open === undefined ? [known] : [true, false].flatMap((value) => completions({ ...known, [open]: value }));
  };
  it('is never guessed: a settled outcome holds however it turns out', () => {
    fc.assert(
      fc.property(policies, truths, (some, known) => {
        const now = outcome(some, factsOf(known));
        if (now.kind === 'unavailable') return;
        for (const complete of completions(known)) {
          const later = outcome(some, factsOf(complete));
          expect(later.kind).toBe(now.kind);
          if (now.kind !== 'ask' || later.kind !== 'ask') continue;
          expect(later.paths).toEqual(now.paths);
          // Only those are blamed that certainly speak about it; others may come to be.
          for (const name of now.deadEnds ?? []) expect(later.deadEnds).toContain(name);
        }
      }),
      { numRuns: 1500 },
    );
  });
  it('is the only cause of unavailable', () => {
    fc.assert(
      fc.property(policies, truths, (some, known) => {
        for (const complete of completions(known)) expect(kind(some, factsOf(complete))).not.toBe('unavailable');
      }),
    );
  });
});

describe('requirementsOf', () => {
  const demanding: PolicyApproval = { type: 'p0', options: { requireReason: true, requireDuration: true, requirePreapproval: true } };
  const all = { reason: true, duration: true, preapproval: true };
  const none = { reason: false, duration: false, preapproval: false };
  it('counts what every path demands', () => {
    expect(requirementsOf(outcome([policy([demanding])]))).toEqual(all);
    expect(requirementsOf(outcome([policy([demanding]), policy([{ ...p0, options: { requireReason: true } }])]))).toEqual({
      ...none,
      reason: true,
    });
    expect(requirementsOf(outcome([policy([demanding, p0])]))).toEqual(none);
  });
  it('counts the demands of what needs nobody, and not those of the paths beside it', () => {
    expect(requirementsOf(outcome([policy([{ type: 'persistent', options: { requireReason: true } }, p0])]))).toEqual({
      ...none,
      reason: true,
    });
    expect(requirementsOf(outcome([policy([{ type: 'persistent' }, demanding])]))).toEqual(none);
  });
  it('is nothing where nothing can be had', () => {
    for (const policies of [
      [policy([{ type: 'deny', options: { requireReason: true } }])],
      [policy([])],
      [policy([{ type: 'auto', integration: 'x' }])],
    ])
      expect(requirementsOf(outcome(policies))).toEqual(none);
    expect(requirementsOf({ kind: 'ask', paths: [] })).toEqual(none);
  });
});

describe('paths', () => {
  const path = (options: Partial<typeof noOptions>): ApprovalPath => ({ ...reviewers, options: { ...noOptions, ...options } });
  it('are open where their demands are met', () => {
    const paths = [path({}), path({ requireReason: true }), path({ requireDuration: true }), path({ requirePreapproval: true })];
    expect(openPaths(paths, { hasReason: false, hasDuration: false, isPreapproved: false })).toEqual([paths[0]]);
    expect(openPaths(paths, { hasReason: true, hasDuration: false, isPreapproved: false })).toEqual([paths[0], paths[1]]);
    expect(openPaths(paths, { hasReason: true, hasDuration: true, isPreapproved: true })).toEqual(paths);
  });

  const person: ApproverFacts = {
    email: email('meg+x@example.com'),
    isReviewer: false,
    isMember: ({ id, directory }) => (directory === 'okta' ? 'unknown' : id === 'ops'),
    isOnCall: (integration, services) => (integration === 'pagerduty' ? services?.includes('db') === true : 'unknown'),
  };
  const { isReviewer: _, ...others } = person;
  it.each<[ApprovalPath['approvers'], boolean | 'unknown', string]>([
    [{ kind: 'reviewers' }, false, 'Security reviewers'],
    [{ kind: 'group', groups: [group('dev'), group('ops')], effect: 'keep' }, true, 'The dev or The ops'],
    [{ kind: 'group', groups: [group('dev')], effect: 'keep' }, false, 'The dev'],
    [{ kind: 'group', groups: [group('dev')], effect: 'remove' }, true, 'Anybody outside The dev'],
    [{ kind: 'group', groups: [group('dev', 'okta')], effect: 'keep' }, 'unknown', 'The dev'],
    [{ kind: 'person', email: manager }, true, 'meg@example.com'],
    [{ kind: 'person', email: bob }, false, 'bob@example.com'],
    [{ kind: 'on-call', integration: 'pagerduty', services: ['db', 'web'] }, true, 'On call for db or web (pagerduty)'],
    [{ kind: 'on-call', integration: 'pagerduty', services: ['web'] }, false, 'On call for web (pagerduty)'],
    [{ kind: 'on-call', integration: 'incidentio', services: ['db'] }, 'unknown', 'On call for db (incidentio)'],
  ])('%j: %s, %s', (approvers, expected, described) => {
    expect(isApprover({ ...reviewers, approvers }, person)).toBe(expected);
    expect(describeApprovers({ ...reviewers, approvers })).toBe(described);
  });
  it('of reviewers are for reviewers', () => {
    expect(isApprover(reviewers, { ...others, isReviewer: true })).toBe(true);
  });
  it('say what to look up about an approver', () => {
    const paths = outcome([
      policy([
        p0,
        { type: 'group', groups: [group('a'), group('b')], effect: 'keep' },
        { type: 'escalation', integration: 'pagerduty', services: ['db'] },
      ]),
    ]);
    expect(approverNeeds(paths.kind === 'ask' ? [...paths.paths, ...paths.paths] : [])).toEqual({
      groups: [group('a'), group('b')],
      onCalls: [{ integration: 'pagerduty', services: ['db'] }],
      profiles: [],
    });
  });
});
