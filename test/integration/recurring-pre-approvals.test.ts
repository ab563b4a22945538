import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toSeconds } from '../../src/domain/duration.ts';
import { optionKey } from '../../src/domain/option-key.ts';
import { recurringWindowText } from '../../src/domain/recurring-window.ts';
import type { Instant } from '../../src/domain/time.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await world.pool.query('delete from policies; delete from settings; delete from pre_approvals');
  await world.pool.query(`update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`);
  await world.pool.query(`update requests set created_at = created_at - interval '1 hour'`);
});

const minute = 60_000;
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
/** Hours in UTC, every day, so many minutes from now. */
const hoursFrom = (now: Instant, from: number, to: number): string => `daily ${clock(now + from * minute)}-${clock(now + to * minute)} UTC`;
const run = async (who: string, argv: readonly string[]) => world.useCases.runCommand(await world.caller(who), argv, '/access');
const allow = (hours: string, ...more: string[]) =>
  run('carol', [
    'allow',
    'pg',
    'role',
    'readonly',
    '--to',
    'bob@example.com',
    '--length',
    '5 days',
    '--duration',
    '1h',
    '--window',
    hours,
    ...more,
  ]);
const ask = async (duration = '1h') => {
  const result = await run('bob', ['request', 'pg', 'role', 'readonly', '--duration', duration]);
  if (!result.ok || result.value.kind !== 'submitted') throw new Error(JSON.stringify(result));
  return result.value;
};
const forecast = async () => {
  const key = { service: undefined, integration: undefined, accessType: undefined };
  const bob = await world.caller('bob');
  const first = await world.useCases.asking.form(bob, {
    ...key,
    resource: undefined,
    to: undefined,
    duration: undefined,
    until: undefined,
  });
  const [integration] = first.integrations;
  if (integration === undefined) throw new Error('nothing is offered');
  const asked = { integration: optionKey(integration.name), accessType: optionKey('role'), resource: optionKey('readonly') };
  return (await world.useCases.asking.form(bob, { ...asked, to: undefined, duration: undefined, until: undefined })).forecast;
};

describe('a pre-approval for recurring hours', () => {
  it('decides inside them, and what it gives ends when they close, at that second', async () => {
    const now = await world.store.now();
    const opened = await allow(hoursFrom(now, -60, 30));
    expect(opened).toMatchObject({ ok: true, value: { kind: 'allowed', preApproval: { hours: { zone: 'UTC' } } } });
    const closes = Math.floor(now / minute) * minute + 30 * minute;
    expect(await forecast()).toMatchObject({ kind: 'at-once', because: 'pre-approval', within: { closesAt: closes } });
    const { request, isPreapproved } = await ask();
    expect(isPreapproved).toBe(true);
    expect(request.asked).toBe(3600);
    if (request.state.kind !== 'approved') throw new Error('not approved');
    expect(request.state.duration).toBe(Math.ceil((closes - request.createdAt) / 1000));
    await world.reconcile();
    const active = await world.useCases.readRequest(await world.caller('bob'), request.id);
    expect(active).toMatchObject({ value: { state: { grant: { state: { kind: 'active', expiresAt: closes } } } } });
    const event = (await world.audit()).findLast(({ action }) => action === 'pre-approval.created');
    expect(event).toMatchObject({ data: { window: hoursFrom(now, -60, 30) } });
  });

  it('shortens nothing that ends before they close', async () => {
    await allow(hoursFrom(await world.store.now(), -60, 180));
    const { request } = await ask('1h');
    expect(request).toMatchObject({ state: { kind: 'approved', duration: 3600, grant: { duration: 3600 } } });
  });

  it('asks people outside them, and says beforehand when it would not', async () => {
    const now = await world.store.now();
    await allow(hoursFrom(now, 60, 120));
    const said = await forecast();
    expect(said).toMatchObject({ kind: 'people', approvers: ['Security reviewers'] });
    expect(said?.kind === 'people' && said.hours && recurringWindowText(said.hours)).toBe(hoursFrom(now, 60, 120));
    expect(await ask()).toMatchObject({ isPreapproved: false, request: { state: { kind: 'pending' } } });
  });

  it('asks people in the last minute, in which nothing could be given any more', async () => {
    // To the minute: these close within the next sixty seconds.
    await allow(hoursFrom(await world.store.now(), -60, 1));
    expect(await ask()).toMatchObject({ isPreapproved: false });
  });

  it('gives way to another one that lets it last longer', async () => {
    const now = await world.store.now();
    await allow(hoursFrom(now, -60, 30));
    await allow(hoursFrom(now, -60, 50));
    const { request } = await ask();
    if (request.state.kind !== 'approved') throw new Error('not approved');
    expect(request.createdAt + request.state.duration * 1000).toBeGreaterThan(now + 48 * minute);
  });

  it('extends to their end and no further', async () => {
    const now = await world.store.now();
    await allow(hoursFrom(now, -60, 30));
    const closes = Math.floor(now / minute) * minute + 30 * minute;
    const { request } = await ask('5m');
    await world.reconcile();
    const bob = await world.caller('bob');
    const more = { duration: toSeconds({ time: 1, unit: 'h' }), reason: undefined };
    // So much more than an hour from now is more than the pre-approval allows: that goes to people.
    expect(await world.useCases.extendRequest(bob, request.id, more)).toMatchObject({ value: { state: { kind: 'pending' } } });
    const pending = await world.useCases.extendRequest(bob, request.id, more);
    if (!pending.ok) throw new Error('not asked');
    await world.useCases.cancelRequest(bob, pending.value.id);
    const less = { duration: toSeconds({ time: 30, unit: 'm' }), reason: undefined };
    const extended = await world.useCases.extendRequest(bob, request.id, less);
    expect(extended).toMatchObject({ value: { state: { kind: 'approved', grant: { state: { kind: 'planned', latestEnd: closes } } } } });
  });

  it('is refused where the hours never come while it is open, and where they are none', async () => {
    const now = await world.store.now();
    const yesterday = dayNames[new Date(now - 86_400_000).getUTCDay()];
    expect(await allow(`${yesterday} 00:00-00:01 UTC`)).toMatchObject({
      ok: false,
      rejection: { code: 'invalid-value', field: 'window', why: expect.stringContaining('do not come') },
    });
    const wrong = await allow('Mon-Fri 9-17 UTC');
    expect(wrong).toMatchObject({ ok: false, rejection: { code: 'usage' } });
    expect(JSON.stringify(wrong)).toContain('no hours');
    expect((await world.pool.query('select from pre_approvals')).rowCount).toBe(0);
  });
});
