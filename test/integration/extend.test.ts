import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extensions, hour, must, seconds } from '../support/extensions.ts';
import { postgresTarget } from '../support/postgres-target.ts';
import { createWorld, org } from '../support/world.ts';

const at = extensions();
const { start, approve, extend, read, grantOf, activeGrant, statusOf, give, pass } = at;

async function limit(time: number): Promise<void> {
  must(await at.world.useCases.settings.setDuration({ ...at.alice, via: 'api' }, 'maxAccess', { time, unit: 's' }, 'any'));
}

const draft = (duration: number) => ({
  right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
  reason: undefined,
  duration: seconds(duration),
  to: undefined,
});

describe('with a target in memory', () => {
  beforeEach(() => start(createWorld()));
  afterEach(() => at.world[Symbol.asyncDispose]());

  it('is asked, decided, and begins where the access would have ended', async () => {
    const first = await give();
    const before = await activeGrant(first);
    const asked = must(await extend(at.bob, first, 2 * hour, 'not done yet'));
    expect(asked).toMatchObject({
      requestor: at.bob.person,
      principal: at.bob.person,
      permission: first.permission,
      reason: 'not done yet',
      asked: 2 * hour,
      approvableUntil: before.expiresAt,
      state: { kind: 'pending' },
      extension: { of: first.id, first: first.id, from: before.grantedAt, until: before.expiresAt },
    });
    expect(await approve(at.bob, asked)).toMatchObject({ ok: false, rejection: { code: 'own-request' } });
    must(await approve(at.carol, asked, hour));
    await at.world.reconcile();
    const after = await activeGrant(asked);
    expect(after.expiresAt).toBe(before.expiresAt + hour * 1000);
    expect(await read(first)).toMatchObject({ extendedUntil: after.expiresAt });
  });

  it('takes over without a gap: the right is never taken', async () => {
    const first = await give(60);
    must(await approve(at.carol, must(await extend(at.bob, first, 60))));
    await at.world.reconcile();
    await pass(61);
    await at.world.reconcile();
    expect(at.world.target.held).toEqual(new Set(['bob:readonly']));
    expect(at.world.target.calls.filter((call) => call.startsWith('take'))).toEqual([]);
    expect(grantOf(await read(first))).toMatchObject({
      kind: 'ended',
      end: { kind: 'expired' },
      evidence: { leftInPlace: 'another-grant' },
    });
    await pass(60);
    await at.world.reconcile();
    expect(at.world.target.held).toEqual(new Set());
  });

  it('an extension of the extension goes on from the latest, whichever is named', async () => {
    const first = await give();
    const start = await activeGrant(first);
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    await at.world.reconcile();
    const third = must(await extend(at.bob, first));
    expect(third.extension).toMatchObject({ of: second.id, first: first.id, from: start.grantedAt, until: start.expiresAt + hour * 1000 });
  });

  it('returns the one that is open', async () => {
    const first = await give();
    const second = must(await extend(at.bob, first));
    expect(must(await extend(at.bob, first, 2 * hour, 'again')).id).toBe(second.id);
    must(await approve(at.carol, second));
    expect(must(await extend(at.bob, first)).id).toBe(second.id);
    expect(await at.world.store.requests(org, { kind: 'chain', first: first.id }, 10)).toHaveLength(2);
  });

  it('is made once by two who ask at the same time', async () => {
    const first = await give(hour, { caller: at.bob, to: 'erin@example.com' });
    const erin = await at.world.caller('erin');
    const both = await Promise.all([extend(at.bob, first), extend(erin, first), extend(at.bob, first), extend(erin, first)]);
    expect(new Set(both.map((each) => must(each).id)).size).toBe(1);
  });

  it('is for the principal and the requestor, of access that is active', async () => {
    const first = await give(hour, { caller: at.bob, to: 'erin@example.com' });
    for (const caller of [at.alice, at.carol, at.dave])
      expect(await extend(caller, first)).toMatchObject({ ok: false, rejection: { code: 'not-yours' } });
    const erin = await at.world.caller('erin');
    const asked = must(await extend(erin, first));
    expect(asked).toMatchObject({ requestor: erin.person, principal: erin.person });
    must(await at.world.useCases.cancelRequest(erin, asked.id));
    must(await at.world.useCases.relinquishGrant(erin, first.id));
    expect(await extend(erin, first)).toMatchObject({ ok: false, rejection: { code: 'not-extendable' } });
    const pending = must(await at.world.useCases.submitRequest(at.bob, draft(60))).request;
    expect(await extend(at.bob, pending)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'NEW' } });
  });

  it('is refused over the total, with the maximum named, when asked and when decided', async () => {
    const first = await give();
    await limit(2 * hour);
    expect(await extend(at.bob, first, hour + 60)).toMatchObject({ ok: false, rejection: { code: 'over-total', maximum: 2 * hour } });
    const asked = must(await extend(at.bob, first, 60));
    expect(await approve(at.carol, asked, 2 * hour)).toMatchObject({ ok: false, rejection: { code: 'over-total', maximum: 2 * hour } });
    await limit(hour);
    expect(await approve(at.carol, asked)).toMatchObject({ ok: false, rejection: { code: 'over-total', maximum: hour } });
    await limit(2 * hour);
    must(await approve(at.carol, asked));
  });

  it('lowering the maximum shortens the chain as a whole', async () => {
    const first = await give();
    const { grantedAt } = await activeGrant(first);
    const second = must(await extend(at.bob, first, 3 * hour));
    must(await approve(at.carol, second));
    await at.world.reconcile();
    const third = must(await extend(at.bob, first, hour));
    must(await approve(at.carol, third));
    await limit(2 * hour);
    for (const each of [second, third]) {
      const grant = grantOf(await read(each));
      const end = grant.kind === 'active' ? grant.expiresAt : grant.kind === 'planned' ? grant.latestEnd : undefined;
      expect(end).toBeLessThanOrEqual(grantedAt + 2 * hour * 1000);
    }
    await at.world.reconcile();
    expect((await activeGrant(third)).expiresAt).toBeLessThanOrEqual(grantedAt + 2 * hour * 1000);
  });

  it('lowering the maximum counts from the first grant, also where the latest is short by itself', async () => {
    const first = await give();
    await pass(hour - 600);
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    await at.world.reconcile();
    await limit(1.5 * hour);
    await at.world.reconcile();
    const { grantedAt } = await activeGrant(first);
    expect((await activeGrant(second)).expiresAt).toBeLessThanOrEqual(grantedAt + 1.5 * hour * 1000);
    expect((await at.world.audit()).filter(({ action }) => action === 'grant.shortened')).toHaveLength(1);
  });

  it('is nothing once the access has ended: it lapses, and nobody can approve it', async () => {
    const first = await give();
    const asked = must(await extend(at.bob, first));
    must(await at.world.useCases.revokeGrant(at.carol, first.id, undefined));
    expect(await approve(at.carol, asked)).toMatchObject({ ok: false, rejection: { code: 'not-extendable' } });
    await at.world.work.lapse();
    expect((await read(asked)).state.kind).toBe('lapsed');

    const other = await give(60, { right: { integration: 'sample', resource: 'readwrite' } });
    const late = must(await extend(at.bob, other));
    await pass(59);
    expect(await approve(at.carol, late)).toMatchObject({ ok: false, rejection: { code: 'not-extendable', status: 'DONE' } });
  });

  it('whoever takes one away takes the chain away', async () => {
    const first = await give();
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    await at.world.reconcile();
    must(await at.world.useCases.revokeGrant(at.carol, first.id, 'enough'));
    await at.world.reconcile();
    expect(at.world.target.held).toEqual(new Set());
    expect([await statusOf(first), await statusOf(second)]).toEqual(['REVOKED', 'REVOKED']);
    expect((await at.world.audit()).filter(({ action }) => action === 'grant.revoked')).toHaveLength(2);
  });

  it('a right that cannot be confirmed again leaves the access as it was', async () => {
    const first = await give();
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    at.world.target.faults.push({ kind: 'refused', permanent: true });
    await at.world.reconcile();
    expect([await statusOf(first), await statusOf(second)]).toEqual(['DONE', 'ERRORED']);
    expect(at.world.target.held).toEqual(new Set(['bob:readonly']));
  });

  it('is told: the approval says what it extends, the old message goes on, no message says that it has ended', async () => {
    const first = await give(60);
    await at.world.work.notify(first.id);
    const second = must(await extend(at.bob, first, 60));
    await at.world.work.notify(second.id);
    const approval = at.world.posted.find(({ slot, picture }) => slot === 'approval' && picture.request.id === second.id);
    expect(approval?.picture.request.extension).toMatchObject({ of: first.id });
    must(await approve(at.carol, second, undefined, approval?.picture.choice?.digest));
    await at.world.reconcile();
    const notified = async () => (await at.world.pool.query<{ subject: string }>(`select subject from outbox where kind = 'notify'`)).rows;
    expect((await notified()).map(({ subject }) => subject)).toContain(first.id);
    await pass(61);
    await at.world.reconcile();
    for (const each of [first, second]) await at.world.work.notify(each.id);
    expect(at.world.posted.map(({ slot, picture }) => `${picture.request.id === first.id ? 'first' : 'second'} ${slot}`)).not.toContain(
      'first ended',
    );
    await pass(60);
    await at.world.reconcile();
    await at.world.work.notify(second.id);
    expect(at.world.posted.at(-1)).toMatchObject({ slot: 'ended', picture: { request: { id: second.id } } });
  });

  it('offers approvers only what the total allows', async () => {
    const first = await give();
    await limit(2 * hour);
    const second = must(await extend(at.bob, first, 600));
    await at.world.work.notify(second.id);
    expect(at.world.posted.find(({ slot }) => slot === 'approval')?.picture.choice?.durations).toEqual([300, hour]);
  });

  it('writes down what was asked and what was agreed to', async () => {
    const first = await give();
    const second = must(await extend(at.bob, first));
    must(await approve(at.carol, second));
    await at.world.reconcile();
    const events = await at.world.audit();
    expect(events.findLast(({ action }) => action === 'request.submitted')?.data).toMatchObject({ extends: first.id, askedSeconds: hour });
    expect(events.findLast(({ action }) => action === 'request.approved')?.data).toMatchObject({ seconds: hour });
    expect(events.findLast(({ action }) => action === 'grant.extended')?.data).toMatchObject({ by: second.id });
    const { rows } = await at.world.pool.query(`select request_id from audit where action = 'grant.extended'`);
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
        const caller = await at.world.caller(`person${people++}`);
        const first = await give(firstLasts, { caller });
        for (const { asked, chosen, passes } of steps) {
          const more = await extend(caller, first, asked);
          if (more.ok) await approve(at.carol, more.value, chosen);
          await at.world.reconcile();
          await pass(passes);
          await at.world.reconcile();
          if (more.ok) await at.world.useCases.cancelRequest(caller, more.value.id);
        }
        const { rows } = await at.world.pool.query<{ lasted: number; chain: number }>(
          `select max(extract(epoch from least(latest_end, coalesce(expires_at, latest_end)) - (select granted_at from grants where request_id = $1)))::float8 as lasted,
             count(*)::int as chain
           from grants join requests q on q.id = grants.request_id where q.id = $1 or q.first_id = $1`,
          [first.id],
        );
        expect(rows[0]?.lasted).toBeLessThanOrEqual(1000);
        must(
          await at.world.useCases
            .revokeGrant(at.carol, first.id, undefined)
            .then((ended) => (ended.ok ? ended : { ok: true, value: first })),
        );
      }),
      { numRuns: 10 },
    );
  }, 60_000);
});

describe('by the policies of the moment', () => {
  const put = (...approval: object[]) =>
    at.world.pool.query(
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
  afterEach(() => at.world[Symbol.asyncDispose]());

  it('a policy that needs nobody gives it at once, and for a time', async () => {
    const first = await give();
    await put({ type: 'persistent' });
    const second = must(await extend(at.bob, first, hour));
    expect(second.state).toMatchObject({ kind: 'approved', by: { kind: 'policy', name: 'one' }, grant: { standing: false } });
    await at.world.reconcile();
    expect((await activeGrant(second)).expiresAt).toBe((await activeGrant(first)).expiresAt + hour * 1000);
  });

  it('being on call gives one hour from now, and not one more on top', async () => {
    const first = await give(1800);
    await put({ type: 'auto', integration: 'pagerduty' });
    onCall.set('pagerduty', { isOnCall: true });
    const before = await at.world.store.now();
    const second = must(await extend(at.bob, first, 2 * hour));
    await at.world.reconcile();
    expect((await activeGrant(second)).expiresAt).toBeLessThanOrEqual((await at.world.store.now()) + hour * 1000);
    expect((await activeGrant(second)).expiresAt).toBeGreaterThan(before + (hour - 1) * 1000);
    await put({ type: 'p0' });
    const third = must(await extend(at.bob, second, hour));
    must(await approve(at.carol, third));
    await at.world.reconcile();
    await put({ type: 'auto', integration: 'pagerduty' });
    expect(await extend(at.bob, third, 60)).toMatchObject({ ok: false, rejection: { code: 'over-maximum', maximum: hour } });
  });

  it('a pre-approved window gives what it says from now, and longer wishes go to people', async () => {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    must(
      await at.world.useCases.preApprovals.create(at.carol, {
        right,
        to: 'bob@example.com',
        length: seconds(24 * hour),
        start: undefined,
        duration: seconds(2 * hour),
        reason: undefined,
      }),
    );
    const first = must(await at.world.useCases.submitRequest(at.bob, draft(hour))).request;
    await at.world.reconcile();
    const asked = must(await extend(at.bob, first, 2 * hour));
    expect(asked.state.kind).toBe('pending');
    must(await at.world.useCases.cancelRequest(at.bob, asked.id));
    expect(must(await extend(at.bob, first, hour - 60)).state).toMatchObject({ kind: 'approved', by: { person: at.carol.person } });
    expect((await at.world.audit()).findLast(({ action }) => action === 'request.approved')).toMatchObject({
      actor: { email: 'carol@example.com' },
      data: { preApproval: expect.any(String) },
    });
  });

  it('a policy that denies now, denies; one that wants a reason, wants it', async () => {
    const first = await give();
    await put({ type: 'p0', options: { requireReason: true } });
    expect(await extend(at.bob, first)).toMatchObject({ ok: false, rejection: { code: 'reason-required' } });
    await put({ type: 'deny' });
    expect(await extend(at.bob, first)).toMatchObject({ ok: false, rejection: { code: 'not-allowed' } });
    expect(await at.world.store.requests(org, { kind: 'chain', first: first.id }, 10)).toHaveLength(1);
    expect(await statusOf(first)).toBe('DONE');
  });

  it('that too few could agree to is refused at once', async () => {
    const first = await give();
    await put({ type: 'p0', options: { requiredApprovals: 3 } });
    expect(await extend(at.bob, first)).toMatchObject({ ok: false, rejection: { code: 'nobody-can-approve', policies: ['one'] } });
  });

  it('standing access is approved anew instead', async () => {
    await put({ type: 'persistent' });
    const first = must(await at.world.useCases.submitRequest(at.bob, draft(hour))).request;
    await at.world.reconcile();
    expect(await extend(at.bob, first)).toMatchObject({ ok: false, rejection: { code: 'standing-exists' } });
  });
});

describe('with a real PostgreSQL', () => {
  it('moves the end at the target, keeps the password and the session, and ends it all in time', async () => {
    await using target = await postgresTarget();
    await start(createWorld({ besides: [target.integration({ name: 'real' })] }));
    await using _ = at.world;
    const name = target.account('bob');
    const caller = await at.world.caller(name);
    const first = await give(600, { right: { integration: 'real', resource: target.roles[0] }, caller });
    const { usage, password } = must(await at.world.useCases.revealSecret(caller, first.id));
    const { client, ended } = await target.logIn(usage.account, password);
    const count = async () => (await client.query('select id from orders')).rows.length;
    expect(await count()).toBe(1);
    const validUntil = async () => new Date(String((await target.role(usage.account))?.['until'])).getTime();
    const before = await activeGrant(first);

    const second = must(await extend(caller, first, hour));
    must(await approve(at.carol, second));
    await at.world.reconcile();
    const after = await activeGrant(second);
    expect(after.expiresAt).toBe(before.expiresAt + hour * 1000);
    expect(await validUntil()).toBeGreaterThanOrEqual(after.expiresAt);

    await pass(601);
    await at.world.reconcile();
    expect(grantOf(await read(first))).toMatchObject({ kind: 'ended', evidence: { leftInPlace: 'another-grant', sessionsEnded: 0 } });
    expect(await count()).toBe(1);
    const again = await target.logIn(usage.account, password);
    await again.client.end();
    expect(await at.world.useCases.revealSecret(caller, second.id)).toMatchObject({ ok: false, rejection: { code: 'nothing-to-show' } });

    await pass(hour);
    await at.world.reconcile();
    await ended;
    expect(await target.role(usage.account)).toBeUndefined();
    await expect(target.logIn(usage.account, password)).rejects.toThrow();
  });
});
