import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { DriftResponse } from '../../src/domain/drift.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { parseRequestId } from '../../src/domain/ids.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { id, postgresTarget } from '../support/postgres-target.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

// The same on the roles of a real PostgreSQL, with the hands of somebody who has a psql.

let place: Awaited<ReturnType<typeof postgresTarget>>;
let worlds: World[];
let alice: Caller;
beforeEach(async () => {
  place = await postgresTarget();
  worlds = [];
});
afterEach(async () => {
  for (const world of worlds) await world[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

/** Curfew with a database of its own, at the one target. */
async function curfew(drift: DriftResponse, url = place.url): Promise<World> {
  const world = await createWorld({ besides: [place.integration({ name: 'orders', drift, url })] });
  worlds.push(world);
  alice = await world.caller('alice');
  return world;
}
async function give(world: World, local: string): Promise<PermissionRequest> {
  const subject = `T1/${local}`;
  const person = await world.useCases.identify(org, { provider: 'slack', subject, email: email(`${local}@example.com`) });
  const asked = await world.useCases.submitRequest(
    { ...alice, person },
    {
      right: { service: 'pg', accessType: 'role', resource: place.roles[0], integration: 'orders' },
      reason: 'look at orders',
      duration: 3_600 as DurationSeconds,
      to: undefined,
    },
  );
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { request } = asked.value;
  const decided = await world.useCases.decideRequest(alice, request.id, { kind: 'approve', duration: undefined, digest: undefined });
  if (!decided.ok) throw new Error(decided.rejection.code);
  await world.reconcile();
  expect(await grantOf(world, request)).toMatchObject({ kind: 'active' });
  return request;
}
async function grantOf(world: World, request: PermissionRequest) {
  const requestId = parseRequestId(request.id);
  const state = requestId && (await world.store.request(org, requestId))?.state;
  return state?.kind === 'approved' ? state.grant.state : undefined;
}
async function look(world: World): Promise<void> {
  await world.pool.query('update target_rounds set due_at = now(), lease_until = null');
  await world.work.watchDrift();
  await world.work.findOrphans();
}
const told = async (world: World) =>
  (await world.audit())
    .filter(({ action }) => /^(right\.(drifted|restored)|grant\.removed|orphan\.)/.test(action))
    .map(({ action }) => action);
const has = async (account: string) => (await place.role(account))?.['memberships'];

describe('a membership that somebody has revoked by hand', () => {
  it.each([
    ['alert', 0, 'active', ['right.drifted']],
    ['repair', 1, 'active', ['right.drifted', 'right.restored']],
    ['adopt', undefined, 'ended', ['right.drifted', 'grant.removed']],
  ] as const)('%s', async (drift, memberships, state, events) => {
    const world = await curfew(drift);
    const account = place.account();
    const request = await give(world, account);
    await look(world);
    expect(await told(world)).toEqual([]);
    await place.asAdmin(`revoke ${id(place.roles[0])} from ${id(account)}`);
    for (let round = 0; round < 2; round++) {
      await look(world);
      await world.reconcile();
    }
    expect(await told(world)).toEqual(events);
    expect(await grantOf(world, request)).toMatchObject({ kind: state });
    expect(await has(account)).toBe(memberships);
  });

  it('with its whole login comes back with a password, where it is repaired', async () => {
    const world = await curfew('repair');
    const account = place.account();
    await give(world, account);
    await place.asAdmin(`drop role ${id(account)}`);
    await look(world);
    await world.reconcile();
    expect(await place.role(account)).toMatchObject({ login: true, memberships: 1, tag: 'curfew:demo/orders' });
    expect((await place.role(account))?.['password']).toMatch(/^SCRAM-SHA-256\$/);
  });

  it('is not seen where the connection breaks, and is with the next look', async () => {
    await using proxy = await startFaultProxy(place.url);
    const world = await curfew('repair', proxy.through(place.url));
    const account = place.account();
    await give(world, account);
    await place.asAdmin(`revoke ${id(place.roles[0])} from ${id(account)}`);
    for (const does of ['drop', 'lose'] as const) {
      proxy.plan({ when: 'curfew.call', does }, { when: 'curfew.call', does });
      await look(world);
      expect([does, await told(world)]).toEqual([does, []]);
    }
    await look(world);
    expect(await told(world)).toEqual(['right.drifted']);
  });
});

describe('what a lost database has forgotten', () => {
  it.each([
    ['alert', 1, ['orphan.found']],
    ['adopt', 1, ['orphan.found']],
    ['repair', undefined, ['orphan.found', 'orphan.removed']],
  ] as const)('%s', async (drift, memberships, events) => {
    const account = place.account();
    await give(await curfew('alert'), account);
    // As restored from a backup of before the grant.
    const restored = await curfew(drift);
    for (let round = 0; round < 2; round++) await look(restored);
    expect(await told(restored)).toEqual(events);
    expect(await has(account)).toBe(memberships);
  });

  it('stays while the list cannot be read', async () => {
    await using proxy = await startFaultProxy(place.url);
    const account = place.account();
    await give(await curfew('alert'), account);
    const restored = await curfew('repair', proxy.through(place.url));
    for (const does of ['drop', 'lose'] as const) {
      proxy.plan({ when: 'curfew.call', does });
      await look(restored);
    }
    expect(await told(restored)).toEqual([]);
    expect(await has(account)).toBe(1);
    await look(restored);
    expect(await told(restored)).toEqual(['orphan.found', 'orphan.removed']);
  });

  it('leaves the logins of others, of another organisation and of another integration', async () => {
    const [theirs, other, elsewhere] = [place.account('theirs'), place.account('other'), place.account('elsewhere')];
    const tags = [null, 'curfew:acme/orders', 'curfew:demo/other'];
    for (const [index, account] of [theirs, other, elsewhere].entries())
      await place.asAdmin(`create role ${id(account)} login; grant ${id(place.roles[0])} to ${id(account)};
        comment on role ${id(account)} is ${tags[index] === null ? 'null' : `'${tags[index]}'`}`);
    const world = await curfew('repair');
    await look(world);
    expect(await told(world)).toEqual([]);
    for (const account of [theirs, other, elsewhere]) expect(await has(account)).toBe(1);
  });
});

describe('what somebody else has added by hand', () => {
  it('to a login of ours that no right wants any more goes where it is repaired', async () => {
    const world = await curfew('repair');
    const account = place.account();
    const request = await give(world, account);
    await place.asAdmin(`grant ${id(place.roles[1])} to ${id(account)}`);
    await world.useCases.revokeGrant(alice, request.id, undefined);
    await world.reconcile();
    expect(await has(account)).toBe(1);
    await look(world);
    expect(await told(world)).toEqual(['orphan.found', 'orphan.removed']);
    expect(await place.role(account)).toBeUndefined();
  });

  it('is told, and stays, where another than us gave it, or where the login is not ours', async () => {
    // An administrator of the roles that is no superuser: then it is on record who gave what.
    const [admin, another] = [place.account('admin'), place.account('another')];
    for (const name of [admin, another])
      await place.asAdmin(`create role ${id(name)} login createrole password 'a-word';
        grant ${id(place.roles[0])}, ${id(place.roles[1])} to ${id(name)} with admin option; grant pg_signal_backend to ${id(name)}`);
    const as = async (name: string, sql: string) => {
      const { client } = await place.logIn(name, 'a-word');
      await client.query(sql);
      await client.end();
    };
    const world = await curfew('repair', place.urlOf(admin, 'a-word'));
    const [ours, theirs, before] = [place.account('ours'), place.account('theirs'), place.account('before')];
    const request = await give(world, ours);
    await as(another, `grant ${id(place.roles[1])} to ${id(ours)}`);
    for (const name of [theirs, before]) await place.asAdmin(`create role ${id(name)} login`);
    await as(another, `grant ${id(place.roles[0])} to ${id(theirs)}`);
    await as(admin, `grant ${id(place.roles[0])} to ${id(before)}`);
    for (let round = 0; round < 2; round++) await look(world);
    const found = (await world.audit()).filter(({ action }) => action === 'orphan.found').map(({ data }) => data);
    expect(found).toHaveLength(2);
    for (const [account, resource] of [
      [before, place.roles[0]],
      [ours, place.roles[1]],
    ])
      expect(found).toContainEqual(expect.objectContaining({ account, resource, ours: false }));
    expect(await told(world)).toEqual(['orphan.found', 'orphan.found']);
    expect(await Promise.all([ours, theirs, before].map(has))).toEqual([2, 1, 1]);
    await world.useCases.revokeGrant(alice, request.id, undefined);
    await world.reconcile();
    for (const name of [admin, another]) await place.asAdmin(`drop owned by ${id(name)} cascade`);
  });

  it('back to what had ended, is taken away again where it hangs on our mark', async () => {
    const world = await curfew('repair');
    const account = place.account();
    const request = await give(world, account);
    await world.useCases.revokeGrant(alice, request.id, undefined);
    await world.reconcile();
    expect(await place.role(account)).toBeUndefined();
    await place.asAdmin(`create role ${id(account)} login; grant ${id(place.roles[0])} to ${id(account)}`);
    await look(world);
    // Without our mark it is somebody's own affair.
    expect(await told(world)).toEqual([]);
    await place.asAdmin(`comment on role ${id(account)} is 'curfew:demo/orders'`);
    await look(world);
    expect(await told(world)).toEqual(['orphan.found', 'orphan.removed']);
    expect(await place.role(account)).toBeUndefined();
  });
});
