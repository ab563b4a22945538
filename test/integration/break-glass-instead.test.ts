import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { Draft } from '../../src/app/use-cases.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { toSeconds } from '../../src/domain/duration.ts';
import type { PanicSelection } from '../../src/domain/panic.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { breakGlass, must, refused, right, rule } from '../support/break-glass.ts';
import { email, type World } from '../support/world.ts';

const given = breakGlass();
const { by, store, take, taken, review, events } = given;
let world: World;
beforeEach(() => void (world = given.world()));

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

  describe('where policies give it to everybody by now', () => {
    const standing = (options?: object) => store(rule(null, [{ type: 'persistent', ...(options === undefined ? {} : { options }) }]));

    it.each([
      ['only with a pre-approval', { requirePreapproval: true }, 'preapproval-required'],
      ['only for a length that was named', { requireDuration: true }, 'duration-required'],
    ])('%s, it is not given to whoever waits either', async (_terms, options, code) => {
      const request = await ask('bob');
      await standing(options);
      expect(await instead('bob', request)).toMatchObject(refused(code));
      expect((await world.pool.query('select from grants')).rows).toHaveLength(0);
    });

    it('is not given twice', async () => {
      const waiting = await ask('bob');
      await standing();
      must(await take('bob', { breakGlass: undefined, reason: 'something else' }));
      expect(await instead('bob', waiting)).toMatchObject(refused('standing-exists'));
      expect((await world.pool.query('select from grants')).rows).toHaveLength(1);
    });
  });

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
