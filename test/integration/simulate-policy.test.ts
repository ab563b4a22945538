import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { accept, reject } from '../../src/domain/result.ts';
import { type Instant, instant } from '../../src/domain/time.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

type Wish = {
  readonly requestor?: string;
  readonly reason?: string;
  readonly duration?: DurationSeconds | undefined;
  readonly resource?: string;
  readonly onlyMatching?: boolean;
  readonly at?: Instant;
};
async function simulate(rules: readonly Policy[], wish: Wish = {}, who = 'carol') {
  const { policies } = world.useCases;
  const alice = await world.caller('alice', 'api');
  const before = await policies.document(alice);
  if (!before.ok) throw new Error(before.rejection.code);
  expect(await policies.replace(alice, rules, before.value.version, 'any')).toMatchObject({ ok: true });
  const [target] = world.deps.integrations.all();
  const [item] = target?.catalog() ?? [];
  if (target === undefined || item === undefined) throw new Error('no target');
  const { resource = item.resource, requestor = 'nobody.yet@example.com', reason, duration, at, onlyMatching = false } = wish;
  const right = { service: target.service, accessType: item.accessType, resource, integration: undefined };
  return policies.simulate(await world.caller(who, 'api'), { requestor, right, reason, duration, at, onlyMatching });
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
  ['ask', null, [rule('a', { approval: [{ type: 'auto', integration: 'pagerduty' }] })], []],
])('answers %s by %s', async (outcome, by, rules, approvers) => {
  expect(await simulate(rules)).toMatchObject({ ok: true, value: { outcome, by, approvers } });
});

it('says whether it could be taken at once in an emergency, by which policy, and for how long', async () => {
  const glass = (maxMinutes: number) => ({ type: 'p0', options: { breakGlass: { maxMinutes } } }) as const;
  const said = async (rules: readonly Policy[]) => {
    const answer = await simulate(rules);
    if (!answer.ok) throw new Error(answer.rejection.code);
    return answer.value.breakGlass;
  };
  const no = { possible: false, by: null, atMost: null };
  expect(await said([rule('a', { approval: [glass(10)] }), rule('b', { approval: [glass(30)] })])).toEqual({
    possible: true,
    by: 'b',
    atMost: 1800,
  });
  expect(await said([rule('a')])).toEqual(no);
  expect(await said([rule('a', { approval: [glass(10)] }), rule('b', { approval: [{ type: 'deny' }] })])).toEqual(no);
  // Nobody has to be gone around.
  expect(await said([rule('a', { approval: [glass(10)] }), rule('b', { approval: [{ type: 'persistent' }] })])).toEqual(no);
  const doubtful = rule('a', { requestor: group('okta'), approval: [glass(10)] });
  expect(await said([doubtful])).toEqual({ possible: 'unknown', by: null, atMost: null });
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
  expect(await simulate(rules, { reason: 'why' })).toMatchObject({ value: { requires, approvers: ['Security reviewers'] } });
});

it('refuses what cannot be asked, and who may not ask, and makes no person', async () => {
  expect(await simulate([], { requestor: 'x' })).toMatchObject({ rejection: { code: 'invalid-principal' } });
  expect(await simulate([], { resource: 'none' })).toMatchObject({ rejection: { code: 'unknown-resource' } });
  expect(await simulate([], {}, 'dave')).toMatchObject({ rejection: { code: 'role-required' } });
  const rows = await world.db.selectFrom('people').select('email').where('org', '=', org).execute();
  expect(rows.map(({ email }) => email)).not.toContain('nobody.yet@example.com');
});

let askers = 0;
it.each<[string | null, Policy[], Wish]>([
  [null, [rule('a')], {}],
  [null, [rule('a', { approval: [{ type: 'persistent' }] })], {}],
  ['not-allowed', [rule('a', { approval: [{ type: 'deny' }] })], {}],
  ['not-allowed', [rule('a', { disabled: true })], {}],
  ['nobody-can-approve', [rule('a', { approval: [{ type: 'auto', integration: 'pagerduty' }] })], {}],
  ['not-configured', [rule('a', { requestor: group('okta') })], {}],
  ['reason-required', [rule('a', { approval: [{ type: 'p0', options: { requireReason: true } }] })], {}],
  [null, [rule('a', { approval: [{ type: 'p0', options: { requireReason: true } }] })], { reason: 'why' }],
  ['duration-required', [rule('a', { approval: [{ type: 'p0', options: { requireDuration: true } }] })], {}],
  ['over-maximum', [rule('a')], { duration: parseDuration('200d') }],
  ['account-unusable', [rule('a')], { requestor: 'root@example.com' }],
])('says that a request would be answered with %s', async (code, rules, wish) => {
  vi.spyOn(world.target, 'accountOf').mockImplementation((address) =>
    address.startsWith('root@') ? reject({ code: 'account-unusable', account: 'root' }) : accept(address),
  );
  askers += 1;
  const { requestor = `asker${askers}@example.com` } = wish;
  const told = await simulate(rules, { ...wish, requestor });
  expect(told).toMatchObject({ ok: true, value: { refusal: code === null ? null : { code } } });
  // The same as a request is answered with.
  const [target] = world.deps.integrations.all();
  const [item] = target?.catalog() ?? [];
  if (target === undefined || item === undefined) throw new Error('no target');
  const right = { service: target.service, accessType: item.accessType, resource: item.resource, integration: undefined };
  const draft = { right, reason: wish.reason, duration: wish.duration, to: requestor };
  const made = await world.useCases.submitRequest(await world.caller('erin'), draft);
  expect(made.ok ? null : made.rejection).toEqual(told.ok ? told.value.refusal : undefined);
  vi.restoreAllMocks();
});

it('tells of the window that would decide it at that time', async () => {
  const rules = [rule('a', { approval: [{ type: 'p0', options: { requirePreapproval: true } }] })];
  const frank = 'frank@example.com';
  const hour = parseDuration('1h');
  const now = await world.store.now();
  const at = (hours: number) => instant(now + hours * 3_600_000);
  await simulate(rules);
  const ask = async (wish: Wish) => {
    const told = await simulate(rules, { requestor: frank, duration: hour, ...wish });
    if (!told.ok) throw new Error(told.rejection.code);
    return [told.value.preApproval, told.value.refusal?.code ?? null];
  };
  expect(await ask({})).toEqual([null, 'preapproval-required']);
  const [target] = world.deps.integrations.all();
  const [item] = target?.catalog() ?? [];
  if (target === undefined || item === undefined) throw new Error('no target');
  const opened = await world.useCases.preApprovals.create(await world.caller('carol', 'api'), {
    right: { service: target.service, accessType: item.accessType, resource: item.resource, integration: undefined },
    to: frank,
    length: parseDuration('4h'),
    end: undefined,
    start: new Date(at(2)).toISOString(),
    duration: hour,
    reason: undefined,
  });
  if (!opened.ok) throw new Error(opened.rejection.code);
  const { id } = opened.value;
  expect(await ask({})).toEqual([null, 'preapproval-required']);
  expect(await ask({ at: at(1) })).toEqual([null, 'preapproval-required']);
  expect(await ask({ at: at(3) })).toEqual([id, null]);
  expect(await ask({ at: at(7) })).toEqual([null, 'preapproval-required']);
  expect(await ask({ at: at(3), duration: parseDuration('2h') })).toEqual([null, 'preapproval-required']);
  expect(await ask({ at: at(3), requestor: 'erin@example.com' })).toEqual([null, 'preapproval-required']);
  await world.pool.query(`update pre_approvals set opens_at = clock_timestamp()`);
  expect(await ask({})).toEqual([id, null]);
  // Whoever opened it could not approve any more.
  await world.pool.query(`delete from role_bindings where canonical = 'carol@example.com'`);
  expect(await simulate(rules, { requestor: frank, duration: hour }, 'alice')).toMatchObject({ value: { preApproval: null } });
  await world.pool.query(
    `insert into role_bindings (org, role, canonical, source) values ('demo', 'manager', 'carol@example.com', 'configuration')`,
  );
  expect(await ask({})).toEqual([id, null]);
  await world.useCases.preApprovals.end(await world.caller('carol', 'api'), id);
  expect(await ask({})).toEqual([null, 'preapproval-required']);
});
