import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { Draft } from '../../src/app/use-cases.ts';
import type { Asked } from '../../src/app/request-form.ts';
import { optionKey } from '../../src/domain/option-key.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { toSeconds } from '../../src/domain/duration.ts';
import type { PanicSelection } from '../../src/domain/panic.ts';
import { postingKey } from '../../src/domain/posting.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, email, type World } from '../support/world.ts';

let world: World;
const callers = new Map<string, Caller>();
const by = (name: string): Caller => {
  const caller = callers.get(name);
  if (caller === undefined) throw new Error(`nobody is called ${name}`);
  return caller;
};
const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
};
const refused = (code: string) => ({ ok: false, rejection: { code } });
/** Dave and Carol approve; whoever is `any` may take it for half an hour. Carol reviews, Alice owns too. */
const rule = (options: object | null = { breakGlass: { maxMinutes: 30 } }, besides: readonly object[] = []) => ({
  name: 'orders',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [
    { type: 'group', effect: 'keep', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], options },
    ...besides,
  ],
});
const store = async (policy: object) => {
  await world.pool.query(`delete from policies`);
  await world.pool.query(`insert into policies (org, name, document) values ('demo', 'orders', $1)`, [policy]);
  await world.pool.query(
    `insert into policy_heads (org, version) values ('demo', 1) on conflict (org) do update set version = policy_heads.version + 1`,
  );
};
beforeEach(async () => {
  world = await createWorld();
  for (const name of ['alice', 'bob', 'carol', 'dave', 'erin']) callers.set(name, await world.caller(name));
  await store(rule());
});
afterEach(() => world[Symbol.asyncDispose]());

const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
const draft: Draft = { right, reason: 'the orders are stuck', duration: undefined, to: undefined, breakGlass: true };
const take = (name: string, besides: Partial<Draft> = {}) => world.useCases.submitRequest(by(name), { ...draft, ...besides });
const taken = async (name = 'bob', besides: Partial<Draft> = {}): Promise<PermissionRequest> => must(await take(name, besides)).request;
const review = (name: string, { id }: PermissionRequest, note = 'It was needed.') => world.useCases.breakGlass.review(by(name), id, note);
const events = async ({ id }: PermissionRequest) =>
  (await world.pool.query(`select action, actor, data from audit where request_id = $1 order by id`, [id])).rows;

describe('break-glass access', () => {
  it('is given at once, for no longer than the policy says, and is on record as taken by the person', async () => {
    const request = await taken();
    expect(request).toMatchObject({
      state: { kind: 'approved', by: { kind: 'policy', name: 'orders' }, duration: 1800, grant: { duration: 1800, standing: false } },
      breakGlass: { review: undefined },
    });
    expect(await events(request)).toMatchObject([
      { action: 'request.submitted', actor: { email: 'bob@example.com' }, data: { policies: ['orders'], outcome: 'ask' } },
      { action: 'request.approved', actor: { kind: 'policy', name: 'orders' }, data: { seconds: 1800 } },
      {
        action: 'breakglass.used',
        actor: { kind: 'person', email: 'bob@example.com' },
        data: { seconds: 1800, reason: 'the orders are stuck', policies: ['orders'] },
      },
    ]);
    await world.reconcile();
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
    // Ends are whole seconds, the earlier ones.
    const { rows } = await world.pool.query(`select ceil(extract(epoch from expires_at - granted_at))::int as lasts from grants`);
    expect(rows).toEqual([{ lasts: 1800 }]);
    await world.passTime('31 minutes');
    await world.reconcile();
    expect(world.target.held).toEqual(new Set());
  });

  it.each([
    ['what was asked for, where that is less', '5m', 300],
    ['what the policy says, where more was asked for', '2h', 1800],
  ])('lasts %s', async (_what, asked, seconds) => {
    const duration = toSeconds({ time: Number.parseInt(asked, 10), unit: asked.endsWith('h') ? 'h' : 'm' });
    expect(await taken('bob', { duration })).toMatchObject({ asked: duration, state: { duration: seconds } });
  });

  it('lasts no longer than any access may', async () => {
    const short = { time: 10, unit: 'm' };
    await world.pool.query(`insert into settings (org, document) select 'demo', $1`, [
      { ...(await world.store.settings(by('bob').org)), maxAccess: short },
    ]);
    expect(await taken()).toMatchObject({ asked: 600, state: { duration: 600 } });
    expect(await take('erin', { duration: toSeconds({ time: 11, unit: 'm' }) })).toMatchObject(refused('over-maximum'));
  });

  it.each([
    ['gives no reason', { reason: undefined }, 'reason-required'],
    ['wants it for somebody else', { to: 'erin@example.com' }, 'invalid-value'],
    ['wants it in some hours', { window: 'Mon-Fri 09:00-17:00 Europe/Paris' }, 'invalid-value'],
  ] satisfies readonly (readonly [string, Partial<Draft>, string])[])('is refused to whoever %s', async (_what, besides, code) => {
    expect(await take('bob', besides)).toMatchObject(refused(code));
    expect((await world.pool.query('select from requests')).rows).toHaveLength(0);
  });

  it('is refused where no policy opens it, and where one denies it', async () => {
    await store(rule(null));
    expect(await take('bob')).toMatchObject(refused('no-break-glass'));
    await store(rule(undefined, [{ type: 'deny' }]));
    expect(await take('bob')).toMatchObject({ rejection: { code: 'not-allowed', deniedBy: 'orders' } });
    await world.pool.query('delete from policies');
    await world.pool.query('update policy_heads set version = version + 1');
    expect(await take('bob')).toMatchObject(refused('no-break-glass'));
    expect((await world.audit()).map(({ action, data }) => [action, data['code']])).toEqual([
      ['refused', 'no-break-glass'],
      ['refused', 'not-allowed'],
      ['refused', 'no-break-glass'],
    ]);
  });

  it('owes nothing where nobody would have had to decide', async () => {
    await store(rule(undefined, [{ type: 'persistent' }]));
    expect(must(await take('bob'))).toMatchObject({ isPersistent: true, request: { breakGlass: undefined } });
  });

  it('does not wait for whoever would tell who is on call', async () => {
    await store(rule(undefined, [{ type: 'auto', integration: 'pagerduty' }]));
    world.deps.routing.onCalls = (name) => ({
      name,
      isOnCall: async () => Promise.reject(new Error('away')),
      canPage: () => false,
      page: async () => undefined,
    });
    expect(await take('bob', { breakGlass: undefined })).toMatchObject(refused('unavailable'));
    expect(await taken()).toMatchObject({ breakGlass: { review: undefined } });
  });

  it('is not extended', async () => {
    const request = await taken();
    await world.reconcile();
    const more = { duration: toSeconds({ time: 5, unit: 'm' }), reason: undefined };
    expect(await world.useCases.extendRequest(by('bob'), request.id, more)).toMatchObject(refused('break-glass-ends'));
    expect(must(await world.useCases.pictureOf(by('carol'), request.id)).extendBy).toBeUndefined();
    // In the usual way there is more of it.
    expect(must(await take('bob', { breakGlass: undefined })).request).toMatchObject({ state: { kind: 'pending' } });
  });

  it('is taken away as any other', async () => {
    const request = await taken();
    await world.reconcile();
    expect((await world.useCases.revokeGrant(by('dave'), request.id, 'enough')).ok).toBe(true);
    await world.reconcile();
    expect(world.target.held).toEqual(new Set());
    expect(await take('bob')).toMatchObject(refused('review-owed'));
  });
});

describe('the debt', () => {
  it('keeps its person, and nobody else, from the next until it is reviewed', async () => {
    const first = await taken();
    // A repeat whose answer was lost is the same one.
    expect(await taken()).toMatchObject({ id: first.id });
    const other = { right: { ...right, resource: 'readwrite' } };
    expect(await take('bob', other)).toMatchObject({ rejection: { code: 'review-owed', request: first.id } });
    await taken('erin');
    await world.reconcile();
    await world.passTime('2 days');
    await world.reconcile();
    expect(await take('bob', other)).toMatchObject(refused('review-owed'));
    // What people decide goes on as ever.
    expect((await take('bob', { ...other, breakGlass: undefined })).ok).toBe(true);
    expect(must(await review('dave', first))).toMatchObject({
      breakGlass: { review: { by: { email: 'dave@example.com' }, note: 'It was needed.' } },
    });
    expect((await events(first)).at(-1)).toMatchObject({
      action: 'breakglass.reviewed',
      actor: { email: 'dave@example.com' },
      data: { note: 'It was needed.' },
    });
    expect(await taken('bob', other)).toMatchObject({ breakGlass: { review: undefined } });
  });

  it('is one, however many are taken at once', async () => {
    const resources = ['readonly', 'readwrite'];
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        take('bob', { right: { ...right, resource: resources[index % 2] ?? '' }, reason: `try ${index}` }),
      ),
    );
    expect(all.filter(({ ok }) => ok)).toHaveLength(1);
    for (const each of all) if (!each.ok) expect(each.rejection.code).toBe('review-owed');
    expect((await world.pool.query('select from grants')).rows).toHaveLength(1);
    // And nothing but the code above keeps the table so.
    await expect(
      world.pool.query(
        `with q as (insert into requests select (r).* from (select jsonb_populate_record(q, jsonb_build_object('id', gen_random_uuid())) as r from requests q) x returning *)
         insert into break_glass (org, request_id, person_id, used_at) select org, id, principal_id, now() from q`,
      ),
    ).rejects.toThrow('break_glass_owed');
  });

  it('does not stand in the way where nothing was given, and is still owed', async () => {
    world.target.faults.push({ kind: 'refused', permanent: true });
    const failed = await taken();
    expect(await take('bob', { reason: 'again' })).toMatchObject(refused('review-owed'));
    await world.reconcile();
    const given = await taken('bob', { reason: 'again' });
    expect(given.id).not.toBe(failed.id);
    expect(await take('bob', { reason: 'and again' })).toMatchObject(refused('review-owed'));
    expect((await world.store.breakGlass.unreviewed(by('bob').org, { besides: by('carol').person.id, limit: 1 })).count).toBe(2);
    expect((await review('carol', failed)).ok).toBe(true);
    expect(await take('bob', { reason: 'and again' })).toMatchObject(refused('review-owed'));
  });
});

describe('while a panic holds', () => {
  const panic = async (selection: PanicSelection) =>
    must(await world.useCases.panics.start(by('carol'), { selection, reason: 'broken into', hold: true }));

  it.each<[string, PanicSelection]>([
    ['everything', { kind: 'everything' }],
    ['the target', { kind: 'target', integration: 'sample' }],
    ['the right', { kind: 'right', integration: 'sample', accessType: 'role', resource: 'readonly' }],
    ['the person', { kind: 'person', person: email('bob@example.com') }],
  ])('nothing of %s is taken, by whatever way, until it is lifted', async (_what, selection) => {
    const { id } = await panic(selection);
    expect(await take('bob')).toMatchObject(refused('on-hold'));
    expect((await world.pool.query('select from requests')).rows).toHaveLength(0);
    must(await world.useCases.panics.lift(by('carol'), id));
    // It waits from before the next one: a hold that came in between, as an older release would let it.
    const waiting = must(await take('bob', { breakGlass: undefined })).request;
    await world.pool.query('update panics set lifted_at = null, lifted_by = null');
    expect(await world.useCases.breakGlass.take(by('bob'), waiting.id)).toMatchObject(refused('on-hold'));
    await world.pool.query(`update panics set lifted_at = now(), lifted_by = started_by`);
    expect(must(await world.useCases.breakGlass.take(by('bob'), waiting.id))).toMatchObject({ breakGlass: { review: undefined } });
  });

  it('what was taken at once ends as all else, and still owes its review', async () => {
    const request = await taken();
    await world.reconcile();
    await panic({ kind: 'everything' });
    await world.reconcile();
    expect(world.target.held).toEqual(new Set());
    expect(must(await review('carol', request))).toMatchObject({ breakGlass: { review: { note: 'It was needed.' } } });
  });

  it('others take what is not held back', async () => {
    await panic({ kind: 'person', person: email('bob@example.com') });
    expect(await taken('erin')).toMatchObject({ state: { kind: 'approved' } });
  });
});

describe('taken instead of waiting', () => {
  const ask = async (name: string, besides: Partial<Draft> = {}) => must(await take(name, { breakGlass: undefined, ...besides })).request;
  const instead = (name: string, { id }: PermissionRequest) => world.useCases.breakGlass.take(by(name), id);
  const most = async (request: PermissionRequest) => must(await world.useCases.pictureOf(by('carol'), request.id)).takeAtOnce;

  it('is the request itself, by the same rules and on record in the same way', async () => {
    const request = await ask('bob', { duration: toSeconds({ time: 2, unit: 'h' }) });
    expect(await most(request)).toBe(1800);
    expect(must(await instead('bob', request))).toMatchObject({
      id: request.id,
      asked: 7200,
      state: { kind: 'approved', by: { kind: 'policy', name: 'orders' }, duration: 1800 },
      breakGlass: { review: undefined },
    });
    expect(await most(request)).toBeUndefined();
    expect((await events(request)).map(({ action, actor }) => [action, actor.kind])).toEqual([
      ['request.submitted', 'person'],
      ['request.approved', 'policy'],
      ['breakglass.used', 'person'],
    ]);
    await world.reconcile();
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
    await world.work.notify(request.id);
    expect(world.posted.map(({ slot }) => slot)).toContain('breakglass');
    // Pressed twice is taken once.
    expect(must(await instead('bob', request)).id).toBe(request.id);
    expect((await world.pool.query('select from grants')).rows).toHaveLength(1);
    expect(must(await review('carol', request))).toMatchObject({ breakGlass: { review: { by: { email: 'carol@example.com' } } } });
  });

  it('lasts as long as was asked for, where that is less', async () => {
    const request = await ask('bob', { duration: toSeconds({ time: 5, unit: 'm' }) });
    expect(await most(request)).toBe(300);
    expect(must(await instead('bob', request))).toMatchObject({ state: { duration: 300 } });
  });

  it('is offered where it is possible, on all that they wait for', async () => {
    const [first, other] = [await ask('bob'), await ask('bob', { right: { ...right, resource: 'readwrite' } })];
    const offered = async () => {
      const { rows } = await world.pool.query<{ subject: RequestId }>(`select distinct subject from outbox where kind = 'notify'`);
      for (const { subject } of rows) await world.work.notify(subject);
      return world.posted.flatMap(({ slot, picture }) =>
        slot === 'request' && picture.request.id === other.id ? [picture.takeAtOnce] : [],
      );
    };
    expect(await offered()).toEqual([expect.any(Number)]);
    must(await instead('bob', first));
    expect(await offered()).toEqual([undefined]);
    must(await review('carol', first));
    expect(await offered()).toEqual([expect.any(Number)]);
  });

  it('is only for whoever asked for themselves, and said why', async () => {
    const request = await ask('bob');
    for (const name of ['alice', 'carol', 'dave', 'erin']) expect(await instead(name, request)).toMatchObject(refused('not-yours'));
    const forErin = await ask('bob', { to: 'erin@example.com' });
    expect(await instead('bob', forErin)).toMatchObject({ rejection: { code: 'invalid-value', field: 'to' } });
    expect(await instead('erin', forErin)).toMatchObject(refused('not-yours'));
    const silent = await ask('dave', { reason: undefined });
    expect(await instead('dave', silent)).toMatchObject(refused('reason-required'));
    expect(await Promise.all([request, forErin, silent].map(most))).toEqual([expect.any(Number), undefined, undefined]);
    // Who made a key that it is taken with may hold a copy of it, and would be a second person to its review.
    const made: Caller = { ...by('bob'), via: 'api', key: 'some key', keyMakers: [by('carol').person.id] };
    expect(await world.useCases.breakGlass.take(made, request.id)).toMatchObject(refused('not-yours'));
    expect((await world.pool.query('select from break_glass')).rows).toHaveLength(0);
    const own = { ...made, keyMakers: [by('bob').person.id] };
    expect(must(await world.useCases.breakGlass.take(own, request.id)).breakGlass).toBeDefined();
  });

  it('is refused where no policy opens it, where one denies it, and where a review is owed', async () => {
    const request = await ask('bob');
    await store(rule(null));
    expect(await most(request)).toBeUndefined();
    expect(await instead('bob', request)).toMatchObject(refused('no-break-glass'));
    await store(rule(undefined, [{ type: 'deny' }]));
    expect(await instead('bob', request)).toMatchObject({ rejection: { code: 'not-allowed', deniedBy: 'orders' } });
    await store(rule());
    await taken('bob', { right: { ...right, resource: 'readwrite' } });
    expect(await most(request)).toBeUndefined();
    expect(await instead('bob', request)).toMatchObject(refused('review-owed'));
  });

  it('is refused once it waits no more, and of more time for what is there', async () => {
    const denied = await ask('bob');
    expect((await world.useCases.decideRequest(by('dave'), denied.id, { kind: 'deny', reason: undefined })).ok).toBe(true);
    expect(await instead('bob', denied)).toMatchObject({ rejection: { code: 'already-decided', status: 'DENIED' } });
    const late = await ask('bob');
    await world.passTime('60 days');
    expect(await instead('bob', late)).toMatchObject(refused('lapsed'));
    const active = await ask('erin');
    expect(
      (await world.useCases.decideRequest(by('dave'), active.id, { kind: 'approve', duration: undefined, digest: undefined })).ok,
    ).toBe(true);
    await world.reconcile();
    const more = must(
      await world.useCases.extendRequest(by('erin'), active.id, { duration: toSeconds({ time: 5, unit: 'm' }), reason: 'more' }),
    );
    expect(await most(more)).toBeUndefined();
    expect(await instead('erin', more)).toMatchObject(refused('no-break-glass'));
  });

  it('keeps to the longest access of this moment', async () => {
    const request = await ask('bob', { duration: toSeconds({ time: 2, unit: 'h' }) });
    await world.pool.query(`insert into settings (org, document) select 'demo', $1`, [
      { ...(await world.store.settings(by('bob').org)), maxAccess: { time: 10, unit: 'm' } },
    ]);
    expect(await instead('bob', request)).toMatchObject(refused('over-maximum'));
  });

  it('is given in the usual way, and owes nothing, where nobody has to decide any more', async () => {
    const request = await ask('bob');
    await store(rule(undefined, [{ type: 'persistent' }]));
    expect(must(await instead('bob', request))).toMatchObject({
      state: { kind: 'approved', grant: { standing: true } },
      breakGlass: undefined,
    });
  });

  it('is given by a window that was opened meanwhile', async () => {
    const request = await ask('bob');
    const opened = await world.useCases.preApprovals.create(by('carol'), {
      right,
      to: 'bob@example.com',
      length: toSeconds({ time: 1, unit: 'h' }),
      start: undefined,
      duration: undefined,
      reason: undefined,
    });
    must(opened);
    expect(must(await instead('bob', request))).toMatchObject({
      state: { by: { kind: 'person', person: { email: 'carol@example.com' } } },
      breakGlass: undefined,
    });
  });

  it('is one with the decision of an approver at the same moment', async () => {
    const request = await ask('bob');
    const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
    await Promise.all([instead('bob', request), world.useCases.decideRequest(by('dave'), request.id, verdict), instead('bob', request)]);
    expect((await world.pool.query('select from grants')).rows).toHaveLength(1);
    expect((await events(request)).filter(({ action }) => action === 'request.approved')).toHaveLength(1);
  });
});

describe('the review', () => {
  it('is for whoever could decide such a request, for reviewers and owners, and for nobody who took it', async () => {
    for (const name of ['alice', 'carol', 'dave']) {
      const request = await taken('bob', { reason: `for ${name}` });
      expect(await review('erin', request)).toMatchObject(refused('not-approver'));
      expect(await review('bob', request)).toMatchObject(refused('own-request'));
      expect((await review(name, request)).ok).toBe(true);
      expect(await review('carol', request)).toMatchObject({ rejection: { code: 'already-reviewed', by: `${name}@example.com` } });
    }
    // Dave may decide, Alice owns: nobody reviews their own, whatever they are, and whatever the policy says of one party.
    await store(rule({ breakGlass: {}, allowOneParty: true }));
    for (const name of ['dave', 'alice']) {
      const own = await taken(name);
      expect(await review(name, own)).toMatchObject(refused('own-request'));
      expect((await review('carol', own)).ok).toBe(true);
    }
  });

  it('is no matter for a key that its person made', async () => {
    const request = await taken();
    const made: Caller = { ...by('carol'), via: 'api', key: 'some key', keyMakers: [by('bob').person.id] };
    expect(await world.useCases.breakGlass.review(made, request.id, 'fine')).toMatchObject(refused('own-request'));
  });

  it('is still possible where no policy knows anybody any more', async () => {
    const request = await taken();
    await store(rule(null, [{ type: 'deny' }]));
    expect(await review('dave', request)).toMatchObject(refused('not-approver'));
    expect((await review('carol', request)).ok).toBe(true);
  });

  it('says something, of something that was taken at once', async () => {
    const request = await taken();
    expect(await review('carol', request, ' \n')).toMatchObject(refused('invalid-value'));
    expect(await review('carol', request, 'x'.repeat(1001))).toMatchObject(refused('reason-too-long'));
    const usual = must(await take('erin', { breakGlass: undefined })).request;
    expect(await review('carol', usual)).toMatchObject(refused('nothing-to-review'));
  });

  it('is one, however many review at once', async () => {
    const request = await taken();
    const all = await Promise.all(['alice', 'carol', 'dave', 'carol', 'alice'].map((name) => review(name, request)));
    expect(all.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await events(request)).filter(({ action }) => action === 'breakglass.reviewed')).toHaveLength(1);
  });
});

describe('home tabs', () => {
  it('list what others took, for those who always may review it', async () => {
    const first = await taken();
    const own = await taken('alice');
    const listed = async (name: string) => (await world.useCases.home(by(name))).unreviewed;
    expect(await listed('alice')).toMatchObject({ count: 1, shown: [{ id: first.id }] });
    expect(await listed('carol')).toMatchObject({ count: 2, shown: [{ id: first.id }, { id: own.id }] });
    expect(await listed('dave')).toBeUndefined();
    expect(await listed('bob')).toBeUndefined();
    must(await review('carol', first));
    expect(await listed('alice')).toBeUndefined();
  });

  it('change when something was taken, and when it was reviewed', async () => {
    const { tabs } = world.store.home;
    const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
    const drawn = { shown: '', place: '', waiting: [], overdue: undefined, drift: undefined };
    for (const name of names) {
      const { org, person } = by(name);
      await tabs.drawn(org, name, await tabs.begin(org, name, person.id), drawn);
    }
    const changed = async (request: PermissionRequest): Promise<readonly string[]> => {
      await world.work.notify(request.id);
      const { rows } = await world.pool.query<{ account: string }>(
        `update homes h set publish_at = null from (select account from homes where publish_at is not null) d where d.account = h.account returning h.account`,
      );
      return rows.map(({ account }) => account).toSorted();
    };
    const request = await taken();
    expect(await changed(request)).toEqual(['alice', 'bob', 'carol']);
    must(await review('dave', request));
    expect(await changed(request)).toEqual(['alice', 'bob', 'carol']);
  });
});

describe('what is told of it', () => {
  const told = (slot: string) => world.posted.filter((each) => each.slot === slot);
  const places = (slot: string) => told(slot).map(postingKey);
  /** What the sweep does by itself when so much time has passed. */
  async function pass(interval: string, { id }: PermissionRequest): Promise<void> {
    await world.passTime(interval);
    await world.work.remind();
    const { rows } = await world.pool.query(`select from outbox where kind = 'notify' and subject = $1`, [id]);
    if (rows.length > 0) await world.work.notify(id);
  }

  it('reaches approvers and owners at once, whoever took it not, and again until it is reviewed', async () => {
    await world.pool.query(`insert into group_role_bindings (org, role, name) values ('demo', 'owner', 'local/platform')`);
    const request = await taken('dave');
    await world.work.notify(request.id);
    expect(places('breakglass')).toEqual(['breakglass', 'breakglass@carol@example.com', 'breakglass@alice@example.com']);
    expect(places('approval')).toEqual([]);
    await world.reconcile();
    await pass('59 minutes', request);
    expect(places('unreviewed')).toEqual([]);
    await pass('1 minute', request);
    expect(places('unreviewed')).toEqual(['unreviewed-1', 'unreviewed-1@carol@example.com', 'unreviewed-1@alice@example.com']);
    expect(told('unreviewed')[0]?.under?.ts).toBe(told('breakglass')[0]?.ts);
    await pass('1 day', request);
    expect(places('unreviewed')).toHaveLength(6);
    must(await review('carol', request));
    await world.work.notify(request.id);
    await pass('2 days', request);
    expect(places('unreviewed')).toHaveLength(6);
    for (const each of [...told('breakglass'), ...told('unreviewed')])
      expect(each.picture.request.breakGlass?.review).toMatchObject({ note: 'It was needed.' });
  });

  it('reaches the channel of the policy, and does not need a directory that is away', async () => {
    world.deps.routing.directories = (name) => ({
      name,
      isMember: async () => Promise.reject(new Error('away')),
      profileProperty: async () => undefined,
      members: async () => Promise.reject(new Error('away')),
    });
    const request = await taken();
    await world.work.notify(request.id);
    expect(places('breakglass')).toEqual(['breakglass', 'breakglass@alice@example.com']);
  });
});

describe('the form', () => {
  const key = optionKey;
  const asked = {
    integration: key('sample'),
    accessType: key('role'),
    resource: key('readonly'),
    to: undefined,
    duration: undefined,
    until: undefined,
  };
  const form = (name: string, besides: Partial<Asked> = {}) => world.useCases.asking.form(by(name), { ...asked, ...besides });

  it('offers it where a policy opens it, says what will become of it, and when it is owed', async () => {
    expect(await form('bob')).toMatchObject({ breakGlass: 1800, forecast: { kind: 'people' }, reasonRequired: false });
    expect(await form('bob', { breakGlass: true, duration: toSeconds({ time: 5, unit: 'm' }) })).toMatchObject({
      forecast: { kind: 'break-glass', lasts: 300 },
      reasonRequired: true,
    });
    expect(await form('bob', { breakGlass: true, duration: toSeconds({ time: 2, unit: 'h' }) })).toMatchObject({
      forecast: { kind: 'break-glass', lasts: 1800 },
    });
    // Nobody takes it for somebody else, whatever they may look up.
    expect(await form('alice', { breakGlass: true, to: 'bob@example.com' })).toMatchObject({
      breakGlass: undefined,
      forecast: { kind: 'refused', rejection: { code: 'invalid-value', field: 'to' } },
    });
    const too = { breakGlass: true, duration: toSeconds({ time: 365, unit: 'd' }) };
    expect((await form('bob', too)).forecast).toMatchObject({ kind: 'refused', rejection: { code: 'over-maximum' } });
    await taken();
    expect((await form('bob', { breakGlass: true })).forecast).toMatchObject({ kind: 'refused', rejection: { code: 'review-owed' } });
    await store(rule(null));
    expect(await form('erin')).toMatchObject({ breakGlass: undefined, forecast: { kind: 'people' } });
    expect((await form('erin', { breakGlass: true })).forecast).toMatchObject({ kind: 'refused', rejection: { code: 'no-break-glass' } });
    await store(rule(undefined, [{ type: 'persistent' }]));
    expect(await form('erin', { breakGlass: true })).toMatchObject({ breakGlass: undefined, forecast: { kind: 'at-once' } });
  });

  it('takes it', async () => {
    const wish = { ...asked, breakGlass: true, reason: 'stuck' };
    expect(must(await world.useCases.asking.submit(by('bob'), wish)).request.breakGlass).toBeDefined();
  });
});
