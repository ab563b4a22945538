import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { extensions, hour, must } from '../support/extensions.ts';
import { createWorld } from '../support/world.ts';

const at = extensions();
const { activeGrant, approve, extend, give, pass, read, start, statusOf } = at;
let onCall: boolean;

beforeEach(async () => {
  onCall = false;
  await start(
    createWorld({ onCalls: (name) => ({ name, isOnCall: async () => onCall, canPage: () => true, page: async () => undefined }) }),
  );
});
afterEach(() => at.world[Symbol.asyncDispose]());

const endOf = async (request: PermissionRequest): Promise<number> => (await activeGrant(request)).expiresAt;

/** Access whose own part has ended, and that goes on by an extension. */
async function giveExtended(): Promise<[first: PermissionRequest, second: PermissionRequest]> {
  const first = await give(60);
  const second = must(await extend(at.bob, first));
  must(await approve(at.carol, second));
  await at.world.reconcile();
  await pass(61);
  await at.world.reconcile();
  expect([await statusOf(first), await statusOf(second)]).toEqual(['EXPIRED', 'DONE']);
  return [first, second];
}

async function events(action: string) {
  const { rows } = await at.world.pool.query<{
    actor: { kind: string };
    request_id: string;
    grant_id: string;
    data: Record<string, unknown>;
  }>('select actor, request_id, grant_id, data from audit where action = $1 order by id', [action]);
  return rows;
}

describe('by the id that everybody knows, after its own part has ended', () => {
  for (const [how, caller] of [
    ['revokeGrant', () => at.carol],
    ['relinquishGrant', () => at.bob],
  ] as const) {
    it(`${how} ends what goes on`, async () => {
      const [first, second] = await giveExtended();
      const end = () => at.world.useCases[how](caller(), first.id, undefined);
      must(await end());
      must(await end());
      await at.world.reconcile();
      expect(at.world.target.held).toEqual(new Set());
      expect([await statusOf(first), await statusOf(second)]).toEqual(['EXPIRED', 'REVOKED']);
      expect(await events(how === 'revokeGrant' ? 'grant.revoked' : 'grant.relinquished')).toMatchObject([{ request_id: second.id }]);
      expect(await end()).toMatchObject({ ok: false, rejection: { code: 'not-revocable', status: 'EXPIRED' } });
    });
  }

  it('and also while the target has not confirmed what goes on', async () => {
    const first = await give(60);
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    await pass(61);
    must(await at.world.useCases.revokeGrant(at.carol, first.id, undefined));
    await at.world.reconcile();
    expect(at.world.target.held).toEqual(new Set());
    expect(await statusOf(second)).toBe('REVOKED');
  });

  it('it takes the same right to do so', async () => {
    const [first, second] = await giveExtended();
    expect(await at.world.useCases.revokeGrant(at.dave, first.id, undefined)).toMatchObject({
      ok: false,
      rejection: { code: 'not-approver' },
    });
    expect(await at.world.useCases.relinquishGrant(at.carol, first.id)).toMatchObject({ ok: false, rejection: { code: 'not-yours' } });
    expect(await statusOf(second)).toBe('DONE');
  });

  it('a request that gave nothing is no name for the access', async () => {
    const first = await give(hour);
    const second = must(await extend(at.bob, first));
    expect(await at.world.useCases.relinquishGrant(at.bob, second.id)).toMatchObject({
      ok: false,
      rejection: { code: 'not-revocable', status: 'NEW' },
    });
    must(await at.world.useCases.decideRequest(at.carol, second.id, { kind: 'deny', reason: undefined }));
    expect(await at.world.useCases.revokeGrant(at.carol, second.id, undefined)).toMatchObject({
      ok: false,
      rejection: { code: 'not-revocable', status: 'DENIED' },
    });
    expect(await extend(at.bob, second)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'DENIED' } });
    expect(await statusOf(first)).toBe('DONE');
  });

  it('more time is added to what goes on', async () => {
    const [first, second] = await giveExtended();
    const third = must(await extend(at.bob, first));
    expect(third.extension).toMatchObject({ of: second.id, first: first.id, until: await endOf(second) });
    expect(must(await extend(at.bob, first)).id).toBe(third.id);
    must(await approve(at.carol, third));
    await at.world.reconcile();
    expect(await endOf(third)).toBe((await endOf(second)) + hour * 1000);
  });

  it('there is nothing to extend once nothing goes on', async () => {
    const [first] = await giveExtended();
    const third = must(await extend(at.bob, first));
    must(await at.world.useCases.revokeGrant(at.carol, first.id, undefined));
    expect(await extend(at.bob, first)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'EXPIRED' } });
    expect(await approve(at.carol, third)).toMatchObject({ ok: false, rejection: { code: 'not-extendable' } });
  });
});

describe('where nobody is asked', () => {
  const put = (approval: object) =>
    at.world.pool.query(
      `insert into policies (org, name, document) values ('demo', 'one', $1) on conflict (org, name) do update set document = excluded.document`,
      [{ name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [approval] }],
    );
  const standing = async (time: number) =>
    must(await at.world.useCases.settings.setDuration({ ...at.alice, via: 'api' }, 'standingAccess', { time, unit: 'h' }, 'any'));

  it('standing access is the most that a policy gives, from now on', async () => {
    const first = await give(hour);
    await put({ type: 'persistent' });
    const before = await at.world.store.now();
    const second = must(await extend(at.bob, first, 100 * 24 * hour));
    await at.world.reconcile();
    expect(await endOf(second)).toBeLessThanOrEqual((await at.world.store.now()) + 24 * hour * 1000);
    expect(await endOf(second)).toBeGreaterThan(before + (24 * hour - 5) * 1000);
    await pass(60);
    const third = must(await extend(at.bob, first, 100 * 24 * hour));
    await at.world.reconcile();
    expect(await endOf(third)).toBeLessThanOrEqual((await at.world.store.now()) + 24 * hour * 1000);
  });

  it('what there is may be longer already: then it is refused, with the maximum', async () => {
    const first = await give(3 * hour);
    await standing(2);
    await put({ type: 'persistent' });
    expect(await extend(at.bob, first)).toMatchObject({ ok: false, rejection: { code: 'over-maximum', maximum: 2 * hour } });
    await standing(4);
    const second = must(await extend(at.bob, first));
    await at.world.reconcile();
    expect(await endOf(second)).toBeLessThanOrEqual((await endOf(first)) + hour * 1000);
  });

  describe('lowering standing access', () => {
    const shortened = () => events('grant.shortened');

    it('shortens what a policy gave by itself, from its decision on', async () => {
      const first = await give(hour);
      await put({ type: 'persistent' });
      const second = must(await extend(at.bob, first, 20 * hour));
      await at.world.reconcile();
      await standing(2);
      expect(await endOf(second)).toBeLessThanOrEqual((await at.world.store.now()) + 2 * hour * 1000);
      expect(await shortened()).toHaveLength(1);
      await at.world.reconcile();
      await pass(2 * hour + 60);
      await at.world.reconcile();
      expect(at.world.target.held.size).toBe(0);
    });

    it('shortens it as well where the target has not confirmed it yet', async () => {
      const first = await give(hour);
      await put({ type: 'persistent' });
      const second = must(await extend(at.bob, first, 20 * hour));
      await standing(2);
      await at.world.reconcile();
      expect(await endOf(second)).toBeLessThanOrEqual((await at.world.store.now()) + 2 * hour * 1000);
    });

    it('takes away nothing that people gave, or being on call', async () => {
      const first = await give(3 * hour);
      await put({ type: 'persistent' });
      const second = must(await extend(at.bob, first, 10 * hour));
      await at.world.reconcile();
      const people = (await read(first)).state;
      const until = people.kind === 'approved' && 'expiresAt' in people.grant.state ? people.grant.state.expiresAt : 0;
      await standing(2);
      expect(await endOf(second)).toBe(until);
      await standing(1);
      expect(await shortened()).toHaveLength(1);
      await put({ type: 'p0' });
      const third = must(await extend(at.bob, second, 5 * hour));
      must(await approve(at.carol, third));
      await at.world.reconcile();
      await at.world.useCases.settings.setDuration({ ...at.alice, via: 'api' }, 'standingAccess', { time: 60, unit: 's' }, 'any');
      expect(await shortened()).toHaveLength(1);
    });
  });

  it('being on call has its own', async () => {
    const first = await give(2 * hour);
    await put({ type: 'auto', integration: 'pagerduty' });
    onCall = true;
    expect(await extend(at.bob, first)).toMatchObject({ ok: false, rejection: { code: 'over-maximum', maximum: hour } });
  });
});

describe('that the access goes on is said', () => {
  it('once the target has confirmed it, and not before', async () => {
    const first = await give(60);
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    expect(await events('grant.extended')).toEqual([]);
    await at.world.reconcile();
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
    await at.world.reconcile();
    expect(await events('grant.extended')).toHaveLength(1);
  });

  it('never, where the target refuses', async () => {
    const first = await give(60);
    must(await approve(at.carol, must(await extend(at.bob, first))));
    at.world.target.faults.push({ kind: 'refused', permanent: true });
    await at.world.reconcile();
    await pass(61);
    await at.world.reconcile();
    expect(await events('grant.failed')).toHaveLength(1);
    expect(await events('grant.extended')).toEqual([]);
  });

  it('only of access that has not ended meanwhile', async () => {
    const first = await give(60);
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    await pass(61);
    await at.world.reconcile();
    expect([await statusOf(first), await statusOf(second)]).toEqual(['EXPIRED', 'DONE']);
    expect(await events('grant.ended')).toMatchObject([{ request_id: first.id, data: { leftInPlace: 'another-grant' } }]);
    expect(await events('grant.extended')).toEqual([]);
  });
});

describe('the database', () => {
  it('refuses the grant of an extension that does not say when its chain began', async () => {
    const first = await give(hour);
    const second = must(await extend(at.bob, first));
    // As a release writes it that knows no chains.
    const insert = (chainFrom: Date | undefined) =>
      at.world.pool.query(
        `insert into grants (org, id, request_id, right_id, seconds, latest_end, provision_until${chainFrom === undefined ? '' : ', chain_from'})
         select org, gen_random_uuid(), $1, right_id, 60, clock_timestamp() + interval '2 minutes', clock_timestamp() + interval '1 minute'${chainFrom === undefined ? '' : ', $3::timestamptz'}
         from grants where request_id = $2`,
        [second.id, first.id, ...(chainFrom === undefined ? [] : [chainFrom])],
      );
    await expect(insert(undefined)).rejects.toThrow('chain');
    expect((await insert(new Date())).rowCount).toBe(1);
    await expect(at.world.pool.query('update grants set chain_from = null where request_id = $1', [second.id])).rejects.toThrow('chain');
  });
});
