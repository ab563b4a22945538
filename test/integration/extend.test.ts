import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { type PermissionRequest, wireStatus } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { postgresTarget } from '../support/postgres-target.ts';
import { createWorld, org, type World } from '../support/world.ts';

const hour = 3600;
const seconds = (count: number) => count as DurationSeconds;
type Right = { readonly integration: string; readonly resource: string };
const readonly: Right = { integration: 'sample', resource: 'readonly' };

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}

let world: World;
let alice: Caller;
let bob: Caller;
let carol: Caller;
let dave: Caller;

async function start(made: Promise<World>): Promise<void> {
  world = await made;
  [alice, bob, carol, dave] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('carol'), world.caller('dave')]);
}

const approve = (caller: Caller, { id }: PermissionRequest, duration?: number, digest?: string) =>
  world.useCases.decideRequest(caller, id, {
    kind: 'approve',
    duration: duration === undefined ? undefined : seconds(duration),
    digest,
  });
const extend = (caller: Caller, { id }: PermissionRequest, duration = hour, reason?: string) =>
  world.useCases.extendRequest(caller, id, { duration: seconds(duration), reason });
const read = async ({ id }: PermissionRequest): Promise<PermissionRequest> => {
  const found = await world.store.request(org, id);
  if (found === undefined) throw new Error('gone');
  return found;
};
const grantOf = ({ state }: PermissionRequest) => {
  if (state.kind !== 'approved') throw new Error(`is ${state.kind}`);
  return state.grant.state;
};
async function activeGrant(request: PermissionRequest) {
  const grant = grantOf(await read(request));
  if (grant.kind !== 'active') throw new Error(`is ${grant.kind}`);
  return grant;
}
const statusOf = async (request: PermissionRequest) => wireStatus((await read(request)).state);

async function give(duration = hour, { right = readonly, caller = bob, to = '' } = {}): Promise<PermissionRequest> {
  const { request } = must(
    await world.useCases.submitRequest(caller, {
      right: { service: 'pg', accessType: 'role', ...right },
      reason: 'look at orders',
      duration: seconds(duration),
      to: to === '' ? undefined : to,
    }),
  );
  must(await approve(alice, request));
  await world.reconcile();
  return read(request);
}

/** Lets the rows of a grant be as though it had begun so much earlier. */
const pass = (duration: number) => world.passTime(`${duration} seconds`);

async function limit(time: number): Promise<void> {
  must(await world.useCases.settings.setDuration({ ...alice, via: 'api' }, 'maxAccess', { time, unit: 's' }, 'any'));
}

const draft = (duration: number) => ({
  right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
  reason: undefined,
  duration: seconds(duration),
  to: undefined,
});

describe('with a target in memory', () => {
  beforeEach(() => start(createWorld()));
  afterEach(() => world[Symbol.asyncDispose]());

  it('is asked, decided, and begins where the access would have ended', async () => {
    const first = await give();
    const before = await activeGrant(first);
    const asked = must(await extend(bob, first, 2 * hour, 'not done yet'));
    expect(asked).toMatchObject({
      requestor: bob.person,
      principal: bob.person,
      permission: first.permission,
      reason: 'not done yet',
      asked: 2 * hour,
      approvableUntil: before.expiresAt,
      state: { kind: 'pending' },
      extension: { of: first.id, first: first.id, from: before.grantedAt, until: before.expiresAt },
    });
    expect(await approve(bob, asked)).toMatchObject({ ok: false, rejection: { code: 'own-request' } });
    must(await approve(carol, asked, hour));
    await world.reconcile();
    const after = await activeGrant(asked);
    expect(after.expiresAt).toBe(before.expiresAt + hour * 1000);
    expect(await read(first)).toMatchObject({ extendedUntil: after.expiresAt });
  });

  it('takes over without a gap: the right is never taken', async () => {
    const first = await give(60);
    must(await approve(carol, must(await extend(bob, first, 60))));
    await world.reconcile();
    await pass(61);
    await world.reconcile();
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
    expect(world.target.calls.filter((call) => call.startsWith('take'))).toEqual([]);
    expect(grantOf(await read(first))).toMatchObject({
      kind: 'ended',
      end: { kind: 'expired' },
      evidence: { leftInPlace: 'another-grant' },
    });
    await pass(60);
    await world.reconcile();
    expect(world.target.held).toEqual(new Set());
  });

  it('an extension of the extension goes on from the latest, whichever is named', async () => {
    const first = await give();
    const start = await activeGrant(first);
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    await world.reconcile();
    const third = must(await extend(bob, first));
    expect(third.extension).toMatchObject({ of: second.id, first: first.id, from: start.grantedAt, until: start.expiresAt + hour * 1000 });
  });

  it('returns the one that is open', async () => {
    const first = await give();
    const second = must(await extend(bob, first));
    expect(must(await extend(bob, first, 2 * hour, 'again')).id).toBe(second.id);
    must(await approve(carol, second));
    expect(must(await extend(bob, first)).id).toBe(second.id);
    expect(await world.store.requests(org, { kind: 'chain', first: first.id }, 10)).toHaveLength(2);
  });

  it('is made once by two who ask at the same time', async () => {
    const first = await give(hour, { caller: bob, to: 'erin@example.com' });
    const erin = await world.caller('erin');
    const both = await Promise.all([extend(bob, first), extend(erin, first), extend(bob, first), extend(erin, first)]);
    expect(new Set(both.map((each) => must(each).id)).size).toBe(1);
  });

  it('is for the principal and the requestor, of access that is active', async () => {
    const first = await give(hour, { caller: bob, to: 'erin@example.com' });
    for (const caller of [alice, carol, dave])
      expect(await extend(caller, first)).toMatchObject({ ok: false, rejection: { code: 'not-yours' } });
    const erin = await world.caller('erin');
    const asked = must(await extend(erin, first));
    expect(asked).toMatchObject({ requestor: erin.person, principal: erin.person });
    must(await world.useCases.cancelRequest(erin, asked.id));
    must(await world.useCases.relinquishGrant(erin, first.id));
    expect(await extend(erin, first)).toMatchObject({ ok: false, rejection: { code: 'not-extendable' } });
    const pending = must(await world.useCases.submitRequest(bob, draft(60))).request;
    expect(await extend(bob, pending)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'NEW' } });
  });

  it('is refused over the total, with the maximum named, when asked and when decided', async () => {
    const first = await give();
    await limit(2 * hour);
    expect(await extend(bob, first, hour + 60)).toMatchObject({ ok: false, rejection: { code: 'over-total', maximum: 2 * hour } });
    const asked = must(await extend(bob, first, 60));
    expect(await approve(carol, asked, 2 * hour)).toMatchObject({ ok: false, rejection: { code: 'over-total', maximum: 2 * hour } });
    await limit(hour);
    expect(await approve(carol, asked)).toMatchObject({ ok: false, rejection: { code: 'over-total', maximum: hour } });
    await limit(2 * hour);
    must(await approve(carol, asked));
  });

  it('lowering the maximum shortens the chain as a whole', async () => {
    const first = await give();
    const { grantedAt } = await activeGrant(first);
    const second = must(await extend(bob, first, 3 * hour));
    must(await approve(carol, second));
    await world.reconcile();
    const third = must(await extend(bob, first, hour));
    must(await approve(carol, third));
    await limit(2 * hour);
    for (const each of [second, third]) {
      const grant = grantOf(await read(each));
      const end = grant.kind === 'active' ? grant.expiresAt : grant.kind === 'planned' ? grant.latestEnd : undefined;
      expect(end).toBeLessThanOrEqual(grantedAt + 2 * hour * 1000);
    }
    await world.reconcile();
    expect((await activeGrant(third)).expiresAt).toBeLessThanOrEqual(grantedAt + 2 * hour * 1000);
  });

  it('lowering the maximum counts from the first grant, also where the latest is short by itself', async () => {
    const first = await give();
    await pass(hour - 600);
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    await world.reconcile();
    await limit(1.5 * hour);
    await world.reconcile();
    const { grantedAt } = await activeGrant(first);
    expect((await activeGrant(second)).expiresAt).toBeLessThanOrEqual(grantedAt + 1.5 * hour * 1000);
    expect((await world.audit()).filter(({ action }) => action === 'grant.shortened')).toHaveLength(1);
  });

  it('is nothing once the access has ended: it lapses, and nobody can approve it', async () => {
    const first = await give();
    const asked = must(await extend(bob, first));
    must(await world.useCases.revokeGrant(carol, first.id, undefined));
    expect(await approve(carol, asked)).toMatchObject({ ok: false, rejection: { code: 'not-extendable' } });
    await world.work.lapse();
    expect((await read(asked)).state.kind).toBe('lapsed');

    const other = await give(60, { right: { integration: 'sample', resource: 'readwrite' } });
    const late = must(await extend(bob, other));
    await pass(59);
    expect(await approve(carol, late)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'DONE' } });
  });

  it('whoever takes one away takes the chain away', async () => {
    const first = await give();
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    await world.reconcile();
    must(await world.useCases.revokeGrant(carol, first.id, 'enough'));
    await world.reconcile();
    expect(world.target.held).toEqual(new Set());
    expect([await statusOf(first), await statusOf(second)]).toEqual(['REVOKED', 'REVOKED']);
    expect((await world.audit()).filter(({ action }) => action === 'grant.revoked')).toHaveLength(2);
  });

  it('a right that cannot be confirmed again leaves the access as it was', async () => {
    const first = await give();
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    world.target.faults.push({ kind: 'refused', permanent: true });
    await world.reconcile();
    expect([await statusOf(first), await statusOf(second)]).toEqual(['DONE', 'ERRORED']);
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
  });

  it('is told: the approval says what it extends, the old message goes on, no message says that it has ended', async () => {
    const first = await give(60);
    await world.work.notify(first.id);
    const second = must(await extend(bob, first, 60));
    await world.work.notify(second.id);
    const approval = world.posted.find(({ slot, picture }) => slot === 'approval' && picture.request.id === second.id);
    expect(approval?.picture.request.extension).toMatchObject({ of: first.id });
    must(await approve(carol, second, undefined, approval?.picture.choice?.digest));
    await world.reconcile();
    const notified = async () => (await world.pool.query<{ subject: string }>(`select subject from outbox where kind = 'notify'`)).rows;
    expect((await notified()).map(({ subject }) => subject)).toContain(first.id);
    await pass(61);
    await world.reconcile();
    for (const each of [first, second]) await world.work.notify(each.id);
    expect(world.posted.map(({ slot, picture }) => `${picture.request.id === first.id ? 'first' : 'second'} ${slot}`)).not.toContain(
      'first ended',
    );
    await pass(60);
    await world.reconcile();
    await world.work.notify(second.id);
    expect(world.posted.at(-1)).toMatchObject({ slot: 'ended', picture: { request: { id: second.id } } });
  });

  it('offers approvers only what the total allows', async () => {
    const first = await give();
    await limit(2 * hour);
    const second = must(await extend(bob, first, 600));
    await world.work.notify(second.id);
    expect(world.posted.find(({ slot }) => slot === 'approval')?.picture.choice?.durations).toEqual([300, hour]);
  });

  it('writes down what was asked and what was agreed to', async () => {
    const first = await give();
    const second = must(await extend(bob, first));
    must(await approve(carol, second));
    await world.reconcile();
    const events = await world.audit();
    expect(events.findLast(({ action }) => action === 'request.submitted')?.data).toMatchObject({ extends: first.id, askedSeconds: hour });
    expect(events.findLast(({ action }) => action === 'request.approved')?.data).toMatchObject({ seconds: hour });
    expect(events.findLast(({ action }) => action === 'grant.extended')?.data).toMatchObject({ by: second.id });
    const { rows } = await world.pool.query(`select request_id from audit where action = 'grant.extended'`);
    expect(rows).toEqual([{ request_id: first.id }]);
  });

  it('however it is chained, access ends within the maximum of its first grant', async () => {
    await limit(1000);
    const step = fc.record({
      asked: fc.integer({ min: 1, max: 700 }),
      chosen: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
      passes: fc.integer({ min: 0, max: 120 }),
    });
    let people = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 100, max: 1000 }), fc.array(step, { minLength: 1, maxLength: 5 }), async (firstLasts, steps) => {
        const caller = await world.caller(`person${people++}`);
        const first = await give(firstLasts, { caller });
        for (const { asked, chosen, passes } of steps) {
          const more = await extend(caller, first, asked);
          if (more.ok) await approve(carol, more.value, chosen);
          await world.reconcile();
          await pass(passes);
          await world.reconcile();
          if (more.ok) await world.useCases.cancelRequest(caller, more.value.id);
        }
        const { rows } = await world.pool.query<{ lasted: number; chain: number }>(
          `select max(extract(epoch from least(latest_end, coalesce(expires_at, latest_end)) - (select granted_at from grants where request_id = $1)))::float8 as lasted,
             count(*)::int as chain
           from grants join requests q on q.id = grants.request_id where q.id = $1 or q.first_id = $1`,
          [first.id],
        );
        expect(rows[0]?.lasted).toBeLessThanOrEqual(1000);
        must(await world.useCases.revokeGrant(carol, first.id, undefined).then((ended) => (ended.ok ? ended : { ok: true, value: first })));
      }),
      { numRuns: 10 },
    );
  }, 60_000);
});

describe('by the policies of the moment', () => {
  const put = (...approval: object[]) =>
    world.pool.query(
      `insert into policies (org, name, document) values ('demo', 'one', $1) on conflict (org, name) do update set document = excluded.document`,
      [{ name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval }],
    );
  let onCall: Map<string, { isOnCall: boolean }>;
  beforeEach(async () => {
    onCall = new Map();
    await start(
      createWorld({
        onCalls: (name) => {
          const found = onCall.get(name);
          return found === undefined
            ? undefined
            : { name, isOnCall: async () => found.isOnCall, canPage: () => true, page: async () => undefined };
        },
      }),
    );
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it('a policy that needs nobody gives it at once, and for a time', async () => {
    const first = await give();
    await put({ type: 'persistent' });
    const second = must(await extend(bob, first, hour));
    expect(second.state).toMatchObject({ kind: 'approved', by: { kind: 'policy', name: 'one' }, grant: { standing: false } });
    await world.reconcile();
    expect((await activeGrant(second)).expiresAt).toBe((await activeGrant(first)).expiresAt + hour * 1000);
  });

  it('being on call gives one hour from now, and not one more on top', async () => {
    const first = await give(1800);
    await put({ type: 'auto', integration: 'pagerduty' });
    onCall.set('pagerduty', { isOnCall: true });
    const before = await world.store.now();
    const second = must(await extend(bob, first, 2 * hour));
    await world.reconcile();
    expect((await activeGrant(second)).expiresAt).toBeLessThanOrEqual((await world.store.now()) + hour * 1000);
    expect((await activeGrant(second)).expiresAt).toBeGreaterThan(before + (hour - 1) * 1000);
    await put({ type: 'p0' });
    const third = must(await extend(bob, second, hour));
    must(await approve(carol, third));
    await world.reconcile();
    await put({ type: 'auto', integration: 'pagerduty' });
    expect(await extend(bob, third, 60)).toMatchObject({ ok: false, rejection: { code: 'over-maximum', maximum: hour } });
  });

  it('a pre-approved window gives what it says from now, and longer wishes go to people', async () => {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    must(
      await world.useCases.preApprovals.create(carol, {
        right,
        to: 'bob@example.com',
        length: seconds(24 * hour),
        start: undefined,
        duration: seconds(2 * hour),
        reason: undefined,
      }),
    );
    const first = must(await world.useCases.submitRequest(bob, draft(hour))).request;
    await world.reconcile();
    const asked = must(await extend(bob, first, 2 * hour));
    expect(asked.state.kind).toBe('pending');
    must(await world.useCases.cancelRequest(bob, asked.id));
    expect(must(await extend(bob, first, hour - 60)).state).toMatchObject({ kind: 'approved', by: { person: carol.person } });
    expect((await world.audit()).findLast(({ action }) => action === 'request.approved')).toMatchObject({
      actor: { email: 'carol@example.com' },
      data: { preApproval: expect.any(String) },
    });
  });

  it('a policy that denies now, denies; one that wants a reason, wants it', async () => {
    const first = await give();
    await put({ type: 'p0', options: { requireReason: true } });
    expect(await extend(bob, first)).toMatchObject({ ok: false, rejection: { code: 'reason-required' } });
    await put({ type: 'deny' });
    expect(await extend(bob, first)).toMatchObject({ ok: false, rejection: { code: 'not-allowed' } });
    expect(await world.store.requests(org, { kind: 'chain', first: first.id }, 10)).toHaveLength(1);
    expect(await statusOf(first)).toBe('DONE');
  });

  it('standing access is approved anew instead', async () => {
    await put({ type: 'persistent' });
    const first = must(await world.useCases.submitRequest(bob, draft(hour))).request;
    await world.reconcile();
    expect(await extend(bob, first)).toMatchObject({ ok: false, rejection: { code: 'standing-exists' } });
  });
});

describe('with a real PostgreSQL', () => {
  it('moves the end at the target, keeps the password and the session, and ends it all in time', async () => {
    await using target = await postgresTarget();
    await start(createWorld({ besides: [target.integration({ name: 'real' })] }));
    await using _ = world;
    const name = target.account('bob');
    bob = await world.caller(name);
    const first = await give(600, { right: { integration: 'real', resource: target.roles[0] }, caller: bob });
    const { usage, password } = must(await world.useCases.revealSecret(bob, first.id));
    const { client, ended } = await target.logIn(usage.account, password);
    const count = async () => (await client.query('select id from orders')).rows.length;
    expect(await count()).toBe(1);
    const validUntil = async () => new Date(String((await target.role(usage.account))?.['until'])).getTime();
    const before = await activeGrant(first);

    const second = must(await extend(bob, first, hour));
    must(await approve(carol, second));
    await world.reconcile();
    const after = await activeGrant(second);
    expect(after.expiresAt).toBe(before.expiresAt + hour * 1000);
    expect(await validUntil()).toBeGreaterThanOrEqual(after.expiresAt);

    await pass(601);
    await world.reconcile();
    expect(grantOf(await read(first))).toMatchObject({ kind: 'ended', evidence: { leftInPlace: 'another-grant', sessionsEnded: 0 } });
    expect(await count()).toBe(1);
    const again = await target.logIn(usage.account, password);
    await again.client.end();
    expect(await world.useCases.revealSecret(bob, second.id)).toMatchObject({ ok: false, rejection: { code: 'nothing-to-show' } });

    await pass(hour);
    await world.reconcile();
    await ended;
    expect(await target.role(usage.account)).toBeUndefined();
    await expect(target.logIn(usage.account, password)).rejects.toThrow();
  });
});
