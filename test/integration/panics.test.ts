import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { Panic, PanicSelection } from '../../src/domain/panic.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { verifyDatabase } from '../../src/store/audit-verify.ts';
import { createStore } from '../../src/store/index.ts';
import { fakeTarget, type FakeTarget } from '../support/fake-target.ts';
import { addGrants } from '../support/many-grants.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

let world: World;
let other: FakeTarget;
let alice: Caller;
let carol: Caller;
let bob: Caller;
let erin: Caller;

beforeEach(async () => {
  other = fakeTarget('other', 'my');
  world = await createWorld({ besides: [other] });
  [alice, carol, bob, erin] = await Promise.all([world.caller('alice'), world.caller('carol'), world.caller('bob'), world.caller('erin')]);
});
afterEach(() => world[Symbol.asyncDispose]());

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.rejection.code}`);
  return result.value;
}
const everything: PanicSelection = { kind: 'everything' };
const ofBob: PanicSelection = { kind: 'person', person: email('bob@example.com') };

const ask = (caller: Caller, resource: string, service = 'pg', to?: string) =>
  world.useCases.submitRequest(caller, {
    right: { service, accessType: 'role', resource, integration: undefined },
    reason: 'work',
    duration: parseDuration('1h'),
    to,
  });
const approve = (caller: Caller, { id }: PermissionRequest) =>
  world.useCases.decideRequest(caller, id, { kind: 'approve', duration: undefined, digest: undefined });
async function give(caller: Caller, resource: string, service = 'pg'): Promise<PermissionRequest> {
  const { request } = must(await ask(caller, resource, service));
  must(await approve(carol, request));
  await world.reconcile();
  return request;
}
const panic = (selection: PanicSelection, hold = true, caller = carol) =>
  world.useCases.panics.start(caller, { selection, reason: 'laptop stolen', hold });
const read = async ({ id }: Panic) => must(await world.useCases.panics.read(carol, id));
const again = async (request: PermissionRequest) => (await world.store.request(org, request.id)) ?? request;
const kindOf = async (request: PermissionRequest) => {
  const { state } = await again(request);
  return state.kind === 'approved' ? state.grant.state.kind : state.kind;
};

describe('what a panic takes away', () => {
  it.each([
    ['a person', ofBob, ['erin:readonly'], ['erin:readonly']],
    [
      'a right',
      { kind: 'right', integration: 'sample', accessType: 'role', resource: 'readonly' },
      ['bob:readwrite'],
      ['bob:readonly', 'erin:readonly'],
    ],
    ['a target', { kind: 'target', integration: 'sample' }, [], ['bob:readonly', 'erin:readonly']],
    ['everything', everything, [], []],
  ] as const)('is all of %s, and nothing else', async (_, selection, here, there) => {
    for (const [who, resource, service] of [
      [bob, 'readonly', 'pg'],
      [bob, 'readwrite', 'pg'],
      [erin, 'readonly', 'pg'],
      [bob, 'readonly', 'my'],
      [erin, 'readonly', 'my'],
    ] as const)
      await give(who, resource, service);
    const preview = must(await world.useCases.panics.preview(carol, selection));
    const started = must(await panic(selection));
    expect(started.progress).toMatchObject({ total: preview.active, gone: 0, left: preview.active });
    expect(preview.items).toHaveLength(preview.active);
    expect(preview.active).toBe(5 - here.length - there.length);
    await world.reconcile();
    await world.work.panic();
    expect([...world.target.held]).toEqual(here);
    expect([...other.held]).toEqual(there);
    expect(await read(started)).toMatchObject({
      progress: { total: preview.active, gone: preview.active, left: 0 },
      doneAt: expect.any(Number),
    });
  });

  it('is what waits too: requests by and for the person, and windows for them and of theirs', async () => {
    const { request: own } = must(await ask(bob, 'readonly'));
    const { request: forErin } = must(await ask(bob, 'readwrite', 'pg', 'erin@example.com'));
    const { request: foreign } = must(await ask(erin, 'readonly'));
    const window = (to: string) =>
      world.useCases.preApprovals.create(carol, {
        right: { service: 'pg', accessType: 'role', resource: 'readwrite', integration: undefined },
        to,
        length: parseDuration('1d'),
        start: undefined,
        duration: undefined,
        reason: undefined,
      });
    const closed = must(await window('bob@example.com'));
    const open = must(await window('erin@example.com'));
    expect(must(await world.useCases.panics.preview(carol, ofBob))).toMatchObject({ requests: 2, preApprovals: 1, active: 0 });
    const started = must(await panic(ofBob, true, alice));
    expect(started.progress).toMatchObject({ requestsDenied: 2, preApprovalsClosed: 1 });
    expect(await Promise.all([own, forErin, foreign].map(kindOf))).toEqual(['denied', 'denied', 'pending']);
    expect((await again(own)).state).toMatchObject({ by: { person: { email: 'alice@example.com' } }, reason: 'laptop stolen' });
    expect(must(await world.useCases.preApprovals.read(carol, closed.id)).ended).toMatchObject({ by: { email: 'alice@example.com' } });
    expect(must(await world.useCases.preApprovals.read(carol, open.id)).ended).toBeUndefined();
  });

  it('is on record, each with who pressed and why', async () => {
    const request = await give(bob, 'readonly');
    await panic(ofBob);
    await world.reconcile();
    await world.work.panic();
    const events = await world.audit();
    const of = (action: string) => events.filter((event) => event.action === action);
    expect(of('panic.started')).toMatchObject([
      {
        actor: { email: 'carol@example.com' },
        data: { selection: ofBob, reason: 'laptop stolen', hold: true, counts: { active: 1, people: 1 } },
      },
    ]);
    expect(of('grant.revoked')).toMatchObject([{ actor: { email: 'carol@example.com' }, data: { reason: 'laptop stolen' } }]);
    expect(of('panic.done')).toMatchObject([{ actor: { kind: 'system' }, data: { grants: 1, requestsDenied: 0 } }]);
    expect((await again(request)).state).toMatchObject({ grant: { state: { end: { kind: 'revoked', reason: 'laptop stolen' } } } });
    await world.work.seal();
    expect(await verifyDatabase(world.db, [])).toMatchObject({ flaw: undefined });
  });

  it('is what was planned and never given', async () => {
    const { request } = must(await ask(bob, 'readonly'));
    must(await approve(carol, request));
    must(await panic(everything));
    await world.reconcile();
    expect([...world.target.held]).toEqual([]);
    expect(await kindOf(request)).toBe('ended');
    expect(world.target.calls.filter((call) => call.startsWith('give'))).toEqual([]);
  });
});

describe('what is taken away slowly', () => {
  it('is said to be left until it was seen gone, with why', async () => {
    await give(bob, 'readonly');
    const started = must(await panic(ofBob));
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.work.take();
    await world.work.panic();
    expect(await read(started)).toMatchObject({
      doneAt: undefined,
      markedAt: expect.any(Number),
      progress: { total: 1, gone: 0, left: 1, failing: 1, failures: [{ principal: 'bob@example.com', why: 'the target said no' }] },
    });
    await world.passTime('1 minute');
    await world.work.take();
    await world.work.panic();
    expect(await read(started)).toMatchObject({ doneAt: expect.any(Number), progress: { gone: 1, left: 0, failing: 0, failures: [] } });
  });

  it('and what could not be given, and may be there all the same, is waited for', async () => {
    const { request } = must(await ask(bob, 'readonly'));
    must(await approve(carol, request));
    world.target.faults.push({ kind: 'lost-after' });
    await world.reconcile();
    await world.passTime('11 minutes');
    const refused = { kind: 'refused', permanent: false } as const;
    world.target.faults.push(refused);
    await world.reconcile();
    expect(await kindOf(request)).toBe('failed');
    expect([...world.target.held]).toEqual(['bob:readonly']);
    const selections = [ofBob, everything, { kind: 'target', integration: 'sample' } as const];
    for (const selection of selections)
      expect(must(await world.useCases.panics.preview(carol, selection))).toMatchObject({
        ending: 1,
        people: 1,
        rights: 1,
        items: [{ request: request.id, principal: 'bob@example.com', state: 'ending' }],
      });
    const foreign = [{ kind: 'person', person: email('erin@example.com') } as const, { kind: 'target', integration: 'other' } as const];
    for (const selection of foreign)
      expect(must(await world.useCases.panics.preview(carol, selection))).toMatchObject({ ending: 0, items: [] });
    const started = await Promise.all(selections.map(async (selection) => must(await panic(selection))));
    const others = await Promise.all(foreign.map(async (selection) => must(await panic(selection, true, alice))));
    await world.work.panic();
    for (const each of started)
      expect(await read(each)).toMatchObject({
        markedAt: expect.any(Number),
        doneAt: undefined,
        progress: { total: 1, gone: 0, left: 1, failing: 1, failures: [{ request: request.id, why: 'the target said no' }] },
      });
    for (const each of others) expect(await read(each)).toMatchObject({ doneAt: expect.any(Number), progress: { total: 0 } });
    await world.passTime('1 minute');
    await world.reconcile();
    await world.work.panic();
    expect([...world.target.held]).toEqual([]);
    for (const each of started) expect(await read(each)).toMatchObject({ doneAt: expect.any(Number), progress: { left: 0 } });
  });

  it('and what was ending already is waited for, with its own reason', async () => {
    const request = await give(bob, 'readonly');
    must(await world.useCases.relinquishGrant(bob, request.id));
    const started = must(await panic(ofBob));
    expect(started.progress).toMatchObject({ total: 1, left: 1 });
    await world.reconcile();
    await world.work.panic();
    expect(await read(started)).toMatchObject({ doneAt: expect.any(Number), progress: { gone: 1 } });
    expect((await again(request)).state).toMatchObject({ grant: { state: { end: { kind: 'relinquished' } } } });
  });
});

describe('many', () => {
  it('are ended in batches, of which a press waits for two, and whoever is killed in between is no matter', async () => {
    await give(bob, 'readonly');
    await addGrants(world.pool, 2_999);
    const started = must(await panic(everything));
    expect(started).toMatchObject({ markedAt: undefined, progress: { total: 3_000, left: 3_000 } });
    const ending = async () => Number((await world.pool.query(`select count(*) from grants where state = 'ending'`)).rows[0].count);
    expect(await ending()).toBe(1_000);
    // One batch of a process that then dies: another goes on.
    expect(await world.store.panics.sweep(org, started.id)).toBe('again');
    expect(await ending()).toBe(1_500);
    const another = createStore({ db: world.db, pool: world.pool, removals: world.pool, gives: world.pool });
    await Promise.all([world.work.panic(), another.panics.sweep(org, started.id)]);
    await world.work.panic();
    expect(await ending()).toBe(3_000);
    expect(await read(started)).toMatchObject({ markedAt: expect.any(Number), doneAt: undefined });
    await world.reconcile();
    await world.work.panic();
    expect(await read(started)).toMatchObject({ doneAt: expect.any(Number), progress: { total: 3_000, gone: 3_000 } });
    const events = await world.audit();
    expect(events.filter(({ action }) => action === 'grant.revoked')).toHaveLength(3_000);
    expect(events.filter(({ action }) => action === 'panic.done')).toHaveLength(1);
  });
});

describe('a hold', () => {
  const refused = { ok: false, rejection: { code: 'on-hold' } };

  it('refuses new requests for the selection and to approve, until it is lifted', async () => {
    const started = must(await panic(ofBob));
    expect(await ask(bob, 'readonly')).toMatchObject(refused);
    expect(await ask(erin, 'readonly', 'pg', 'bob@example.com')).toMatchObject(refused);
    const { request } = must(await ask(erin, 'readonly'));
    must(await approve(carol, request));
    must(await world.useCases.panics.lift(alice, started.id));
    must(await world.useCases.panics.lift(alice, started.id));
    must(await ask(bob, 'readonly'));
    expect(await read(started)).toMatchObject({ hold: true, lifted: { by: { email: 'alice@example.com' } } });
    expect((await world.audit()).filter(({ action }) => action === 'panic.lifted')).toHaveLength(1);
  });

  it('of a person takes their word as an approver, and they cannot lift it', async () => {
    const { request } = must(await ask(bob, 'readonly'));
    const started = must(await panic({ kind: 'person', person: email('carol@example.com') }, true, alice));
    expect(await approve(carol, request)).toMatchObject(refused);
    expect(await world.useCases.panics.lift(carol, started.id)).toMatchObject({ ok: false, rejection: { code: 'on-hold', own: true } });
    must(await approve(alice, request));
  });

  it('of a target holds for everybody there and nowhere else', async () => {
    must(await panic({ kind: 'target', integration: 'other' }));
    expect(await ask(bob, 'readonly', 'my')).toMatchObject(refused);
    must(await ask(bob, 'readonly'));
  });

  it('takes what a release that knows nothing of it gives', async () => {
    const started = must(await panic(everything));
    await world.work.panic();
    expect(await read(started)).toMatchObject({ doneAt: expect.any(Number) });
    await world.pool.query(`update panics set hold = false`);
    const { request } = must(await ask(bob, 'readonly'));
    must(await approve(carol, request));
    await world.pool.query(`update panics set hold = true, swept_at = swept_at - interval '11 seconds'`);
    await world.work.panic();
    expect(await kindOf(request)).toBe('ending');
  });

  it('is not needed: without it, what is asked for afterwards is given', async () => {
    await give(bob, 'readonly');
    const started = must(await panic(ofBob, false));
    const later = await give(bob, 'readwrite');
    await world.work.panic();
    expect(await kindOf(later)).toBe('active');
    expect(await read(started)).toMatchObject({ hold: false, doneAt: expect.any(Number), progress: { total: 1, gone: 1 } });
  });

  it('that is lifted before all is marked takes nothing that was given afterwards', async () => {
    await give(bob, 'readonly');
    const started = must(await panic(ofBob));
    await world.pool.query('update panics set marked_at = null, done_at = null');
    must(await world.useCases.panics.lift(alice, started.id));
    const later = await give(bob, 'readwrite');
    await world.work.panic();
    expect(await kindOf(later)).toBe('active');
  });

  it('counts nothing as marked while somebody who has not seen it still decides', async () => {
    const started = must(await panic(everything));
    await world.pool.query('update panics set marked_at = null, done_at = null');
    await world.store.transaction(async (tx) => {
      await tx.panics.holds(org, [bob.person.id], { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' });
      await world.work.panic();
      expect((await read(started)).markedAt).toBeUndefined();
      return undefined;
    });
    await world.work.panic();
    expect((await read(started)).markedAt).toBeDefined();
  });
});

describe('pressing', () => {
  it('twice is pressing once', async () => {
    const first = must(await panic(ofBob));
    expect(must(await panic(ofBob, true, alice)).id).toBe(first.id);
    must(await world.useCases.panics.lift(alice, first.id));
    expect(must(await panic(ofBob)).id).not.toBe(first.id);
    const both = await Promise.all([panic(everything), panic(everything, true, alice)]);
    expect(new Set(both.map((each) => must(each).id)).size).toBe(1);
  });

  it('again without a hold is about what was given in between, too, though the first is still being carried out', async () => {
    await give(bob, 'readonly');
    const first = must(await panic(ofBob, false));
    await world.pool.query('update panics set marked_at = null, done_at = null');
    const between = await give(bob, 'readwrite');
    const second = must(await panic(ofBob, false));
    expect(second.progress).toMatchObject({ left: 1 });
    await world.reconcile();
    await world.work.panic();
    expect([...world.target.held]).toEqual([]);
    expect(await kindOf(between)).toBe('ended');
    expect(await Promise.all([first, second].map(read))).toMatchObject([{ doneAt: expect.any(Number) }, { doneAt: expect.any(Number) }]);
  });

  it('needs a reason, a target that there is, and a role', async () => {
    const start = (caller: Caller, reason: string, selection: PanicSelection = everything) =>
      world.useCases.panics.start(caller, { selection, reason, hold: true });
    expect(await start(carol, '  ')).toMatchObject({ rejection: { code: 'reason-required' } });
    expect(await start(carol, 'why', { kind: 'target', integration: 'sampel' })).toMatchObject({ rejection: { code: 'invalid-value' } });
    expect(await start(bob, 'why')).toMatchObject({ rejection: { code: 'role-required' } });
    expect((await world.audit()).filter(({ action }) => action.startsWith('panic'))).toEqual([]);
    const { rows } = await world.pool.query('select from panics');
    expect(rows).toEqual([]);
  });

  it('for somebody who was never seen holds them from the first time on', async () => {
    must(await panic({ kind: 'person', person: email('new@example.com') }));
    expect(await ask(await world.caller('new'), 'readonly')).toMatchObject({ rejection: { code: 'on-hold' } });
  });
});
