import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
let alice: Caller;
let bob: Caller;
let carol: Caller;
beforeEach(async () => {
  world = await createWorld();
  [alice, bob, carol] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('carol')]);
  await rule([{ type: 'persistent' }]);
});
afterEach(() => world[Symbol.asyncDispose]());

const rule = (approval: Policy['approval']) =>
  world.store.transaction(async (tx) => {
    await tx.policyBook.lock(org);
    const policy: Policy = { name: 'rule', requestor: { type: 'any' }, resource: { type: 'any' }, approval };
    await tx.policyBook.change({ kind: 'system' }, org, [{ name: 'rule', policy }], false);
  });

async function stand(who: Caller): Promise<RequestId> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: 'sample' };
  const asked = await world.useCases.submitRequest(who, { right, reason: undefined, duration: undefined, to: undefined });
  if (!asked.ok) throw new Error(JSON.stringify(asked));
  await world.reconcile();
  return asked.value.request.id;
}
const keep = (who: Caller, id: RequestId): Promise<Result<PermissionRequest>> => world.useCases.standingAccess.keep(who, id);
const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.value;
};
const why = async (result: Promise<Result<unknown>>): Promise<string> => {
  const told = await result;
  return told.ok ? 'done' : told.rejection.code;
};

it('takes over without a gap, is told as one access, and counts a term from when it was kept', async () => {
  const id = await stand(bob);
  await world.work.notify(id);
  await world.passTime('23 hours');
  const kept = must(await keep(carol, id));
  expect(kept).toMatchObject({ principal: { email: 'bob@example.com' }, requestor: { email: 'bob@example.com' } });
  expect(kept.state).toMatchObject({ kind: 'approved', by: { person: { email: 'carol@example.com' } }, grant: { standing: true } });
  await world.reconcile();
  await world.passTime('2 hours');
  await world.reconcile();
  await world.work.notify(id);
  await world.work.notify(kept.id);
  expect([...world.target.held]).toEqual(['bob:readonly']);
  expect(world.posted.filter(({ slot }) => slot === 'ended')).toEqual([]);
  const actions = (await world.audit()).map(({ action, actor }) => [action, (actor as { email?: string }).email]);
  expect(actions).toContainEqual(['request.approved', 'carol@example.com']);

  await world.passTime('23 hours');
  await world.reconcile();
  expect([...world.target.held]).toEqual([]);
  await world.work.notify(kept.id);
  expect(world.posted.filter(({ slot }) => slot === 'ended')).toHaveLength(1);
});

it('is kept once, however often and by whomever, and any number of times one after the other', async () => {
  let id = await stand(bob);
  for (let term = 0; term < 60; term += 1) {
    await world.passTime('23 hours');
    const [one, other] = await Promise.all([keep(carol, id), keep(alice, id)]);
    expect(must(other).id).toBe(must(one).id);
    await world.reconcile();
    ({ id } = must(one));
  }
  expect([...world.target.held]).toEqual(['bob:readonly']);
  const { rows } = await world.pool.query<{ n: number }>('select count(*)::int as n from requests');
  expect(rows).toEqual([{ n: 61 }]);
  // Whoever takes it away takes the part that is left of the one before, too.
  must(await world.useCases.standingAccess.end(alice, id));
  await world.reconcile();
  expect([...world.target.held]).toEqual([]);
}, 120_000);

it('is shortened with the settings, by the term that it has now', async () => {
  const id = await stand(bob);
  await world.passTime('23 hours');
  const kept = must(await keep(carol, id));
  await world.reconcile();
  await world.passTime('1 hour');
  must(await world.useCases.settings.save(alice, { standingAccess: { time: 12, unit: 'h' } }, 'any'));
  const { rows } = await world.pool.query<{ hours: number }>(
    `select round(extract(epoch from expires_at - now()) / 3600)::int as hours from grants where request_id = $1`,
    [kept.id],
  );
  expect(rows).toEqual([{ hours: 11 }]);
});

it('is for owners and reviewers, for others than themselves, and only where policies still give it', async () => {
  const [mine, his] = [await stand(alice), await stand(bob)];
  await world.passTime('23 hours');
  const before = (await world.pool.query('select from requests')).rowCount;
  expect(await why(keep(bob, his))).toBe('role-required');
  expect(await why(keep(bob, mine))).toBe('role-required');
  expect(await why(keep(alice, mine))).toBe('own-request');
  // A key that bob made for her is bob as well.
  expect(await why(keep({ ...carol, keyMakers: [bob.person.id] }, his))).toBe('own-request');
  await rule([{ type: 'p0' }]);
  expect(await why(keep(carol, his))).toBe('standing-over');
  await rule([{ type: 'deny' }]);
  expect(await why(keep(carol, his))).toBe('not-allowed');
  expect((await world.pool.query('select from requests')).rowCount).toBe(before);
  const refused = (await world.audit()).filter(({ action }) => action === 'refused').map(({ data }) => data['attempt']);
  expect(new Set(refused)).toEqual(new Set(['standing-access.keep']));
  expect(refused).toHaveLength(6);

  await rule([{ type: 'persistent' }]);
  await world.passTime('2 hours');
  await world.reconcile();
  expect(await why(keep(carol, his))).toBe('not-extendable');
  await rule([{ type: 'p0' }]);
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: 'sample' };
  const asked = must(await world.useCases.submitRequest(bob, { right, reason: undefined, duration: 60 as DurationSeconds, to: undefined }));
  expect(await why(keep(carol, asked.request.id))).toBe('not-found');
});
