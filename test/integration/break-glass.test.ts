import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { Draft } from '../../src/app/use-cases.ts';
import { toSeconds } from '../../src/domain/duration.ts';
import { breakGlass, must, refused, right, rule } from '../support/break-glass.ts';
import type { World } from '../support/world.ts';

const given = breakGlass();
const { by, store, take, taken, review, events } = given;
let world: World;
beforeEach(() => void (world = given.world()));

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
