import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Policy } from '../../src/domain/policy.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

type Wish = { readonly requestor?: string; readonly hasReason?: boolean; readonly resource?: string; readonly onlyMatching?: boolean };
async function simulate(rules: readonly Policy[], wish: Wish = {}, who = 'carol') {
  const { policies } = world.useCases;
  const alice = await world.caller('alice', 'api');
  const before = await policies.document(alice);
  if (!before.ok) throw new Error(before.rejection.code);
  expect(await policies.replace(alice, rules, before.value.version, 'any')).toMatchObject({ ok: true });
  const [target] = world.deps.integrations.all();
  const [item] = target?.catalog() ?? [];
  if (target === undefined || item === undefined) throw new Error('no target');
  const { resource = item.resource, requestor = 'nobody.yet@example.com', hasReason = false, onlyMatching = false } = wish;
  const right = { service: target.service, accessType: item.accessType, resource, integration: undefined };
  return policies.simulate(await world.caller(who, 'api'), { requestor, right, hasReason, hasDuration: false, onlyMatching });
}
const rule = (name: string, changes: Partial<Policy> = {}): Policy => ({
  name,
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [{ type: 'p0' }],
  ...changes,
});
const group = (directory: 'local' | 'okta') =>
  ({ type: 'group', groups: [{ directory, id: 'platform', label: 'P' }], effect: 'keep' }) as const;

it.each<[string, string | null, Policy[], readonly string[]]>([
  ['ask', 'Default approvals', [], ['Security reviewers']],
  ['ask', 'a', [rule('a'), rule('b', { approval: [group('local')] })], ['Security reviewers', 'P']],
  ['ask', null, [rule('a', { approval: [] }), rule('b', { approval: [{ type: 'requestor-profile', directory: 'local' }] })], []],
  ['deny', 'b', [rule('a'), rule('b', { approval: [{ type: 'deny' }] })], []],
  ['none', null, [rule('a', { disabled: true })], []],
  ['persistent', 'a', [rule('a', { approval: [{ type: 'persistent' }] })], []],
  ['unavailable', null, [rule('a', { requestor: group('okta') })], []],
  ['unavailable', null, [rule('a', { approval: [{ type: 'auto', integration: 'pagerduty' }] })], []],
])('answers %s by %s', async (outcome, by, rules, approvers) => {
  expect(await simulate(rules)).toMatchObject({ ok: true, value: { outcome, by, approvers } });
});

it('tells of each policy whether it matches and what is in the way', async () => {
  const rules = [
    rule('off', { disabled: true }),
    rule('elsewhere', { resource: { type: 'integration', service: 'none' } }),
    rule('others', { requestor: group('local') }),
    rule('doubt', { requestor: group('okta') }),
    rule('all'),
  ];
  expect(await simulate(rules)).toMatchObject({
    value: {
      policies: [
        { name: 'off', matches: false, because: 'disabled' },
        { name: 'elsewhere', matches: false, because: 'resource' },
        { name: 'others', matches: false, because: 'requestor' },
        { name: 'doubt', matches: 'unknown', because: null },
        { name: 'all', matches: true, because: null },
      ],
    },
  });
});

it('tells only of those that match, or may, where it is asked to', async () => {
  const rules = [
    rule('off', { disabled: true }),
    rule('others', { requestor: group('local') }),
    rule('doubt', { requestor: group('okta') }),
    rule('all'),
  ];
  expect(await simulate(rules, { onlyMatching: true })).toMatchObject({
    value: {
      outcome: 'unavailable',
      policies: [
        { name: 'doubt', matches: 'unknown', because: null },
        { name: 'all', matches: true, because: null },
      ],
    },
  });
});

it('tells what is required, and who decides once it is there', async () => {
  const rules = [rule('a', { approval: [{ type: 'p0', options: { requireReason: true } }] })];
  const requires = { reason: true, duration: false, preapproval: false };
  expect(await simulate(rules)).toMatchObject({ value: { requires, approvers: [] } });
  expect(await simulate(rules, { hasReason: true })).toMatchObject({ value: { requires, approvers: ['Security reviewers'] } });
});

it('refuses what cannot be asked, and who may not ask, and makes no person', async () => {
  expect(await simulate([], { requestor: 'x' })).toMatchObject({ rejection: { code: 'invalid-principal' } });
  expect(await simulate([], { resource: 'none' })).toMatchObject({ rejection: { code: 'unknown-resource' } });
  expect(await simulate([], {}, 'dave')).toMatchObject({ rejection: { code: 'role-required' } });
  const rows = await world.db.selectFrom('people').select('email').where('org', '=', org).execute();
  expect(rows.map(({ email }) => email)).not.toContain('nobody.yet@example.com');
});
