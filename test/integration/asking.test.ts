import { expect, it } from 'vitest';
import { forecastLines } from '../../blocks/forecast.ts';
import type { Asked } from '../../src/app/request-form.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { Email } from '../../src/domain/ids.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { instant } from '../../src/domain/time.ts';
import { fakeTarget } from '../support/fake-target.ts';
import { must } from '../support/http-app.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const hour = must(parseDuration('1h'));
const asked: Asked = {
  integration: 'sample',
  accessType: 'role',
  resource: 'readonly',
  to: undefined,
  duration: hour,
  until: undefined,
};
const allows = (approval: Policy['approval'], more: Partial<Policy> = {}): Policy => ({
  name: 'rule',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval,
  ...more,
});
const nobody = { directory: 'local', id: 'platform', label: 'Platform team' };

async function setPolicies(world: World, ...policies: readonly Policy[]): Promise<void> {
  await world.store.transaction(async (tx) => {
    await tx.policyBook.lock(org);
    const changes = policies.map((policy) => ({ name: policy.name, policy }));
    await tx.policyBook.change({ kind: 'system' }, org, changes, false);
  });
}
const forecastOf = async (world: World, who: string, more: Partial<Asked> = {}) =>
  (await world.useCases.asking.form(await world.caller(who), { ...asked, ...more })).forecast;

it('says what would become of it, as asking then does', async () => {
  await using world = await createWorld({
    onCalls: (name) =>
      name === 'pager'
        ? { name, isOnCall: async (email) => email === 'bob@example.com', canPage: () => false, page: async () => {} }
        : undefined,
  });
  expect(await forecastOf(world, 'bob')).toEqual({ kind: 'people', approvers: ['Security reviewers'] });
  expect(await forecastOf(world, 'bob', { resource: undefined })).toBeUndefined();

  await setPolicies(
    world,
    allows([
      { type: 'auto', integration: 'pager' },
      { type: 'group', groups: [nobody], effect: 'keep' },
    ]),
  );
  expect(await forecastOf(world, 'bob')).toEqual({ kind: 'at-once', because: 'on-call', atMost: hour });
  const forBob = must(await forecastOf(world, 'alice', { to: 'bob@example.com' }));
  expect(forBob).toEqual({ kind: 'at-once', because: 'other-on-call', atMost: hour });
  expect(JSON.stringify(forecastLines(forBob))).toContain('they are on call');
  expect(await forecastOf(world, 'dave')).toEqual({ kind: 'people', approvers: ['Platform team'] });

  await setPolicies(world, allows([{ type: 'persistent' }]));
  expect(await forecastOf(world, 'bob')).toEqual({ kind: 'at-once', because: 'policy', atMost: undefined });

  await setPolicies(world, allows([{ type: 'requestor-profile', directory: 'local' }]));
  expect(await forecastOf(world, 'bob')).toMatchObject({ kind: 'refused' });

  await setPolicies(world, allows([{ type: 'deny' }]));
  expect(await forecastOf(world, 'bob')).toEqual({ kind: 'refused', rejection: { code: 'not-allowed', deniedBy: 'rule' } });
  const { integrations } = await world.useCases.asking.form(await world.caller('bob'), { ...asked, integration: undefined });
  expect(integrations).toEqual([]);
  // Looking is no attempt: nothing of it is on record.
  expect((await world.audit()).filter(({ action }) => action === 'refused')).toEqual([]);
});

it('says at once where nobody, or too few, could approve it, and where that cannot be told it waits', async () => {
  await using world = await createWorld();
  const members = new Map<string, readonly Email[]>([
    ['none', []],
    ['one', [email('Bob+x@example.com')]],
    ['two', [email('bob@example.com'), email('dave@example.com')]],
  ]);
  const pager = { name: 'pager', isOnCall: async () => false, canPage: () => false, page: async () => {} };
  world.deps.routing.onCalls = (name) => (name === 'pager' ? pager : undefined);
  world.deps.routing.directories = (name) =>
    name === 'profiles' || name === 'silent' || name === 'away'
      ? {
          name,
          isMember: async () => false,
          profileProperty: async (person) => person,
          ...(name === 'silent'
            ? {}
            : { members: async ({ id }) => (name === 'away' ? Promise.reject(new Error('away')) : (members.get(id) ?? [])) }),
        }
      : undefined;
  const group = (id: string, directory = 'profiles', options = {}): Policy['approval'][number] => ({
    type: 'group',
    groups: [{ directory, id, label: id }],
    effect: 'keep',
    options,
  });
  const onCall = (integration: string) => ({ type: 'escalation', integration, services: ['S'] }) as const;
  const self = { type: 'requestor-profile', directory: 'profiles', profileProperty: 'manager' } as const;
  const next = { nextGroups: { afterMinutes: 30, groups: [{ directory: 'profiles', id: 'two', label: 'two' }] } };
  const reviewers = (requiredApprovals: number) => ({ type: 'p0', options: { requiredApprovals } }) as const;
  const cases: readonly (readonly [string, Policy['approval'], isRefused: boolean, who?: string, to?: string])[] = [
    ['a group without members', [group('none')], true],
    ['a group of the requestor alone', [group('one')], true],
    ['the same where they may decide', [group('one', 'profiles', { allowOneParty: true })], false],
    ['a group with somebody else', [group('two')], false],
    ['a group of who asks and who would have it', [group('two')], true, 'dave', 'bob@example.com'],
    ['two of a group with one other', [group('two', 'profiles', { requiredApprovals: 2 })], true],
    ['a profile that names the requestor', [self], true],
    ['an on-call service that is not configured', [onCall('pagerduty')], true],
    ['an on-call service that is', [onCall('pager')], false],
    ['a directory that cannot list members', [group('none', 'silent')], false],
    ['a directory that does not answer', [group('none', 'away')], false],
    ['a directory that is not configured', [group('none', 'okta')], false],
    ['anybody outside of a group', [{ ...group('none'), type: 'group', effect: 'remove', groups: [] }], false],
    ['one way with somebody', [group('none'), self, { type: 'p0' }], false],
    ['a further group that is asked later', [group('none', 'profiles', next)], false],
    ['two reviewers of two', [reviewers(2)], false],
    ['two reviewers, one of whom asks', [reviewers(2)], true, 'carol'],
    ['one reviewer, where the other asks', [reviewers(1)], false, 'carol'],
    ['one reviewer, where one asks for the other', [reviewers(1)], true, 'carol', 'alice@example.com'],
  ];
  for (const [what, approval, isRefused, who = 'bob', to] of cases) {
    await setPolicies(world, allows(approval));
    const caller = await world.caller(who);
    const refused = { code: 'nobody-can-approve', policies: ['rule'] };
    // The same said before, and as it is asked for.
    const form = to === undefined ? await forecastOf(world, who) : undefined;
    if (form !== undefined)
      expect([what, form.kind === 'refused' ? form.rejection : form.kind]).toEqual([what, isRefused ? refused : 'people']);
    const made = await world.useCases.asking.submit(caller, { ...asked, to, reason: what });
    expect([what, made.ok ? made.value.request.state.kind : made.rejection]).toEqual([what, isRefused ? refused : 'pending']);
    if (made.ok) must(await world.useCases.cancelRequest(caller, made.value.request.id));
  }
});

it('looks up no members where a way without them is enough', async () => {
  await using world = await createWorld();
  const looked: string[] = [];
  const directory = { name: 'profiles', isMember: async () => false, profileProperty: async () => undefined };
  const members = async ({ id }: { id: string }) => {
    looked.push(id);
    return [];
  };
  world.deps.routing.directories = () => ({ ...directory, members });
  const groups = [{ directory: 'profiles', id: 'team', label: 'Team' }];
  await setPolicies(world, allows([{ type: 'group', groups, effect: 'keep' }, { type: 'p0' }]));
  expect(await world.useCases.asking.submit(await world.caller('bob'), { ...asked, reason: 'look' })).toMatchObject({ ok: true });
  expect(looked).toEqual([]);
});

it('wants a reason where every way to a yes does', async () => {
  await using world = await createWorld();
  const bob = await world.caller('bob');
  const isRequired = async () => (await world.useCases.asking.form(bob, asked)).reasonRequired;
  expect(await isRequired()).toBe(false);
  await setPolicies(world, allows([{ type: 'p0', options: { requireReason: true } }]));
  expect(await isRequired()).toBe(true);
  await setPolicies(world, allows([{ type: 'p0', options: { requireReason: true } }, { type: 'p0' }]));
  expect(await isRequired()).toBe(false);
});

it('tells of others only whoever may look that up, and lists for everybody else what is their own', async () => {
  await using world = await createWorld();
  await setPolicies(world, allows([{ type: 'p0' }], { name: 'dave only', requestor: { type: 'user', uid: 'dave@example.com' } }));
  const lists = async (who: string, to: string | undefined) =>
    (await world.useCases.asking.resources(await world.caller(who), { ...asked, to }, '')).map(({ resource }) => resource);
  expect(await lists('bob', undefined)).toEqual([]);
  expect(await lists('bob', 'dave@example.com')).toEqual([]);
  expect(await lists('alice', 'dave@example.com')).toEqual(['readonly', 'readwrite']);
  expect(await lists('dave', 'Dave@Example.com')).toEqual(['readonly', 'readwrite']);
  expect(await forecastOf(world, 'bob', { to: 'dave@example.com' })).toEqual({ kind: 'untold' });
  expect(await forecastOf(world, 'alice', { to: 'dave@example.com' })).toMatchObject({ kind: 'people' });
  expect(await forecastOf(world, 'alice', { to: '' })).toBeUndefined();
});

it('makes a length of an end by the database’s clock, and the same one within a minute', async () => {
  await using world = await createWorld();
  const bob = await world.caller('bob');
  const now = await world.store.now();
  const at = (seconds: number) => ({ ...asked, reason: undefined, until: instant(now + seconds * 1000) });
  // In the middle of a minute of its length: both fall into the same one.
  const first = await world.useCases.asking.submit(bob, at(3_650));
  const second = await world.useCases.asking.submit(bob, at(3_650));
  expect(first).toMatchObject({ ok: true, value: { request: { asked: 3_600, durationNamed: true } } });
  expect(first.ok && second.ok && first.value.request.id === second.value.request.id).toBe(true);
  for (const seconds of [-3_600, 0, 30, 9e11]) {
    expect(await world.useCases.asking.submit(bob, at(seconds))).toMatchObject({
      ok: false,
      rejection: { code: 'invalid-value', field: 'until' },
    });
  }
  expect(await world.useCases.asking.submit(bob, at(200 * 86_400))).toMatchObject({ ok: false, rejection: { code: 'over-maximum' } });
  expect(await world.useCases.asking.submit(bob, { ...at(3_600), resource: 'superuser' })).toMatchObject({
    ok: false,
    rejection: { code: 'invalid-value', field: 'resource' },
  });
  // Each refusal once, though two doors were gone through.
  expect((await world.audit()).filter(({ action }) => action === 'refused')).toHaveLength(6);
});

it('remembers the last five different rights that somebody asked for and that are still offered', async () => {
  let items = Array.from({ length: 7 }, (_, index) => ({ accessType: 'table', resource: `t${index}`, label: `Table ${index}` }));
  await using world = await createWorld({ besides: [{ ...fakeTarget('warehouse', 'lake'), catalog: () => items }] });
  const bob = await world.caller('bob');
  const dave = await world.caller('dave');
  const ask = async (caller: typeof bob, resource: string, to?: string) => {
    const wish = { ...asked, integration: 'warehouse', accessType: 'table', resource, to, reason: `${Math.random()}` };
    expect(await world.useCases.asking.submit(caller, wish)).toMatchObject({ ok: true });
  };
  for (const resource of ['t0', 't1', 't2', 't3', 't4', 't5', 't1']) await ask(bob, resource);
  // For bob, but not by him.
  await ask(dave, 't6', 'bob@example.com');
  const recent = async () => (await world.useCases.recentRights(bob)).map(({ label }) => label);
  expect(await recent()).toEqual(['Table 1', 'Table 5', 'Table 4', 'Table 3', 'Table 2']);
  items = items.filter(({ resource }) => resource !== 't4');
  expect(await recent()).toEqual(['Table 1', 'Table 5', 'Table 3', 'Table 2', 'Table 0']);
});
