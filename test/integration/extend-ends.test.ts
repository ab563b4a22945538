import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { type PermissionRequest, wireStatus } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, org, type World } from '../support/world.ts';

const hour = 3600;
const seconds = (count: number) => count as DurationSeconds;

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}

let world: World;
let alice: Caller;
let bob: Caller;
let carol: Caller;
let dave: Caller;
let onCall: boolean;

beforeEach(async () => {
  onCall = false;
  world = await createWorld({
    onCalls: (name) => ({ name, isOnCall: async () => onCall, canPage: () => true, page: async () => undefined }),
  });
  [alice, bob, carol, dave] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('carol'), world.caller('dave')]);
});
afterEach(() => world[Symbol.asyncDispose]());

const approve = (caller: Caller, { id }: PermissionRequest) =>
  world.useCases.decideRequest(caller, id, { kind: 'approve', duration: undefined, digest: undefined });
const extend = (caller: Caller, { id }: PermissionRequest, duration = hour) =>
  world.useCases.extendRequest(caller, id, { duration: seconds(duration), reason: undefined });
const pass = (duration: number) => world.passTime(`${duration} seconds`);

async function read({ id }: PermissionRequest): Promise<PermissionRequest> {
  const found = await world.store.request(org, id);
  if (found === undefined) throw new Error('gone');
  return found;
}
const statusOf = async (request: PermissionRequest) => wireStatus((await read(request)).state);

async function endOf(request: PermissionRequest): Promise<number> {
  const { state } = await read(request);
  if (state.kind !== 'approved' || state.grant.state.kind !== 'active') throw new Error('is not active');
  return state.grant.state.expiresAt;
}

async function give(duration = 60): Promise<PermissionRequest> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: 'sample' };
  const draft = { right, reason: undefined, duration: seconds(duration), to: undefined };
  const { request } = must(await world.useCases.submitRequest(bob, draft));
  must(await approve(alice, request));
  await world.reconcile();
  return read(request);
}

/** Access whose own part has ended, and that goes on by an extension. */
async function giveExtended(): Promise<[first: PermissionRequest, second: PermissionRequest]> {
  const first = await give(60);
  const second = must(await extend(bob, first));
  must(await approve(carol, second));
  await world.reconcile();
  await pass(61);
  await world.reconcile();
  expect([await statusOf(first), await statusOf(second)]).toEqual(['EXPIRED', 'DONE']);
  return [first, second];
}

async function events(action: string) {
  const { rows } = await world.pool.query<{ actor: { kind: string }; request_id: string; grant_id: string; data: Record<string, unknown> }>(
    'select actor, request_id, grant_id, data from audit where action = $1 order by id',
    [action],
  );
  return rows;
}

describe('by the id that everybody knows, after its own part has ended', () => {
  for (const [how, caller] of [
    ['revokeGrant', () => carol],
    ['relinquishGrant', () => bob],
  ] as const) {
    it(`${how} ends what goes on`, async () => {
      const [first, second] = await giveExtended();
      const end = () => world.useCases[how](caller(), first.id, undefined);
      must(await end());
      must(await end());
      await world.reconcile();
      expect(world.target.held).toEqual(new Set());
      expect([await statusOf(first), await statusOf(second)]).toEqual(['EXPIRED', 'REVOKED']);
      expect(await events(how === 'revokeGrant' ? 'grant.revoked' : 'grant.relinquished')).toMatchObject([{ request_id: second.id }]);
      expect(await end()).toMatchObject({ ok: false, rejection: { code: 'not-revocable', status: 'EXPIRED' } });
    });
  }

  it('and also while the target has not confirmed what goes on', async () => {
    const first = await give(60);
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    await pass(61);
    must(await world.useCases.revokeGrant(carol, first.id, undefined));
    await world.reconcile();
    expect(world.target.held).toEqual(new Set());
    expect(await statusOf(second)).toBe('REVOKED');
  });

  it('it takes the same right to do so', async () => {
    const [first, second] = await giveExtended();
    expect(await world.useCases.revokeGrant(dave, first.id, undefined)).toMatchObject({ ok: false, rejection: { code: 'not-approver' } });
    expect(await world.useCases.relinquishGrant(carol, first.id)).toMatchObject({ ok: false, rejection: { code: 'not-yours' } });
    expect(await statusOf(second)).toBe('DONE');
  });

  it('a request that gave nothing is no name for the access', async () => {
    const first = await give(hour);
    const second = must(await extend(bob, first));
    expect(await world.useCases.relinquishGrant(bob, second.id)).toMatchObject({
      ok: false,
      rejection: { code: 'not-revocable', status: 'NEW' },
    });
    must(await world.useCases.decideRequest(carol, second.id, { kind: 'deny', reason: undefined }));
    expect(await world.useCases.revokeGrant(carol, second.id, undefined)).toMatchObject({
      ok: false,
      rejection: { code: 'not-revocable', status: 'DENIED' },
    });
    expect(await extend(bob, second)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'DENIED' } });
    expect(await statusOf(first)).toBe('DONE');
  });

  it('more time is added to what goes on', async () => {
    const [first, second] = await giveExtended();
    const third = must(await extend(bob, first));
    expect(third.extension).toMatchObject({ of: second.id, first: first.id, until: await endOf(second) });
    expect(must(await extend(bob, first)).id).toBe(third.id);
    must(await approve(carol, third));
    await world.reconcile();
    expect(await endOf(third)).toBe((await endOf(second)) + hour * 1000);
  });

  it('there is nothing to extend once nothing goes on', async () => {
    const [first] = await giveExtended();
    const third = must(await extend(bob, first));
    must(await world.useCases.revokeGrant(carol, first.id, undefined));
    expect(await extend(bob, first)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'EXPIRED' } });
    expect(await approve(carol, third)).toMatchObject({ ok: false, rejection: { code: 'not-extendable' } });
  });
});

describe('where nobody is asked', () => {
  const put = (approval: object) =>
    world.pool.query(
      `insert into policies (org, name, document) values ('demo', 'one', $1) on conflict (org, name) do update set document = excluded.document`,
      [{ name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [approval] }],
    );
  const standing = async (time: number) =>
    must(await world.useCases.settings.setDuration({ ...alice, via: 'api' }, 'standingAccess', { time, unit: 'h' }, 'any'));

  it('standing access is the most that a policy gives, from now on', async () => {
    const first = await give(hour);
    await put({ type: 'persistent' });
    const before = await world.store.now();
    const second = must(await extend(bob, first, 100 * 24 * hour));
    await world.reconcile();
    expect(await endOf(second)).toBeLessThanOrEqual((await world.store.now()) + 24 * hour * 1000);
    expect(await endOf(second)).toBeGreaterThan(before + (24 * hour - 5) * 1000);
    await pass(60);
    const third = must(await extend(bob, first, 100 * 24 * hour));
    await world.reconcile();
    expect(await endOf(third)).toBeLessThanOrEqual((await world.store.now()) + 24 * hour * 1000);
  });

  it('what there is may be longer already: then it is refused, with the maximum', async () => {
    const first = await give(3 * hour);
    await standing(2);
    await put({ type: 'persistent' });
    expect(await extend(bob, first)).toMatchObject({ ok: false, rejection: { code: 'over-maximum', maximum: 2 * hour } });
    await standing(4);
    const second = must(await extend(bob, first));
    await world.reconcile();
    expect(await endOf(second)).toBeLessThanOrEqual((await endOf(first)) + hour * 1000);
  });

  describe('lowering standing access', () => {
    const shortened = () => events('grant.shortened');

    it('shortens what a policy gave by itself, from its decision on', async () => {
      const first = await give(hour);
      await put({ type: 'persistent' });
      const second = must(await extend(bob, first, 20 * hour));
      await world.reconcile();
      await standing(2);
      expect(await endOf(second)).toBeLessThanOrEqual((await world.store.now()) + 2 * hour * 1000);
      expect(await shortened()).toHaveLength(1);
      await world.reconcile();
      await pass(2 * hour + 60);
      await world.reconcile();
      expect(world.target.held.size).toBe(0);
    });

    it('shortens it as well where the target has not confirmed it yet', async () => {
      const first = await give(hour);
      await put({ type: 'persistent' });
      const second = must(await extend(bob, first, 20 * hour));
      await standing(2);
      await world.reconcile();
      expect(await endOf(second)).toBeLessThanOrEqual((await world.store.now()) + 2 * hour * 1000);
    });

    it('takes away nothing that people gave, or being on call', async () => {
      const first = await give(3 * hour);
      await put({ type: 'persistent' });
      const second = must(await extend(bob, first, 10 * hour));
      await world.reconcile();
      const people = (await read(first)).state;
      const until = people.kind === 'approved' && 'expiresAt' in people.grant.state ? people.grant.state.expiresAt : 0;
      await standing(2);
      expect(await endOf(second)).toBe(until);
      await standing(1);
      expect(await shortened()).toHaveLength(1);
      await put({ type: 'p0' });
      const third = must(await extend(bob, second, 5 * hour));
      must(await approve(carol, third));
      await world.reconcile();
      await world.useCases.settings.setDuration({ ...alice, via: 'api' }, 'standingAccess', { time: 60, unit: 's' }, 'any');
      expect(await shortened()).toHaveLength(1);
    });
  });

  it('being on call has its own', async () => {
    const first = await give(2 * hour);
    await put({ type: 'auto', integration: 'pagerduty' });
    onCall = true;
    expect(await extend(bob, first)).toMatchObject({ ok: false, rejection: { code: 'over-maximum', maximum: hour } });
  });
});

describe('that the access goes on is said', () => {
  it('once the target has confirmed it, and not before', async () => {
    const first = await give(60);
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    expect(await events('grant.extended')).toEqual([]);
    await world.reconcile();
    const { state } = await read(first);
    expect(await events('grant.extended')).toEqual([
      {
        actor: { kind: 'system' },
        request_id: first.id,
        grant_id: state.kind === 'approved' ? state.grant.id : undefined,
        data: { by: second.id, expiresAt: expect.any(String) },
      },
    ]);
    const [said] = await events('grant.extended');
    expect(new Date(String(said?.data['expiresAt'])).getTime()).toBe(await endOf(second));
    await pass(61);
    await world.reconcile();
    expect(await events('grant.extended')).toHaveLength(1);
  });

  it('never, where the target refuses', async () => {
    const first = await give(60);
    must(await approve(carol, must(await extend(bob, first))));
    world.target.faults.push({ kind: 'refused', permanent: true });
    await world.reconcile();
    await pass(61);
    await world.reconcile();
    expect(await events('grant.failed')).toHaveLength(1);
    expect(await events('grant.extended')).toEqual([]);
  });

  it('only of access that has not ended meanwhile', async () => {
    const first = await give(60);
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    await pass(61);
    await world.reconcile();
    expect([await statusOf(first), await statusOf(second)]).toEqual(['EXPIRED', 'DONE']);
    expect(await events('grant.ended')).toMatchObject([{ request_id: first.id, data: { leftInPlace: 'another-grant' } }]);
    expect(await events('grant.extended')).toEqual([]);
  });
});

describe('the database', () => {
  it('refuses the grant of an extension that does not say when its chain began', async () => {
    const first = await give(hour);
    const second = must(await extend(bob, first));
    // As a release writes it that knows no chains.
    const insert = (chainFrom: Date | undefined) =>
      world.pool.query(
        `insert into grants (org, id, request_id, right_id, seconds, latest_end, provision_until${chainFrom === undefined ? '' : ', chain_from'})
         select org, gen_random_uuid(), $1, right_id, 60, clock_timestamp() + interval '2 minutes', clock_timestamp() + interval '1 minute'${chainFrom === undefined ? '' : ', $3::timestamptz'}
         from grants where request_id = $2`,
        [second.id, first.id, ...(chainFrom === undefined ? [] : [chainFrom])],
      );
    await expect(insert(undefined)).rejects.toThrow('chain');
    expect((await insert(new Date())).rowCount).toBe(1);
    await expect(world.pool.query('update grants set chain_from = null where request_id = $1', [second.id])).rejects.toThrow('chain');
  });
});
