import { expect, it } from 'vitest';
import { forecastLines } from '../../blocks/forecast.ts';
import type { Asked } from '../../src/app/request-form.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { instant } from '../../src/domain/time.ts';
import { fakeTarget } from '../support/fake-target.ts';
import { must } from '../support/http-app.ts';
import { createWorld, org, type World } from '../support/world.ts';

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
