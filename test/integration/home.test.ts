import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { Home, HomePage } from '../../src/app/read-home.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createUseCases } from '../../src/app/index.ts';
import { createStore } from '../../src/store/index.ts';
import { addGrants } from '../support/many-grants.ts';
import { createWorld, org, type World } from '../support/world.ts';

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}

let world: World;
let alice: Caller;
let bob: Caller;
let dave: Caller;
beforeEach(async () => {
  world = await createWorld();
  [alice, bob, dave] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('dave')]);
});
afterEach(() => world[Symbol.asyncDispose]());

const ask = async (who: Caller, resource = 'readonly'): Promise<PermissionRequest> => {
  const right = { service: 'pg', accessType: 'role', resource, integration: 'sample' };
  return must(await world.useCases.submitRequest(who, { right, reason: undefined, duration: 3600 as DurationSeconds, to: undefined }))
    .request;
};
async function give(who: Caller): Promise<PermissionRequest> {
  const request = await ask(who);
  must(await world.useCases.decideRequest(alice, request.id, { kind: 'approve', duration: undefined, digest: undefined }));
  await world.reconcile();
  return request;
}
const ids = ({ requests }: HomePage): string[] => requests.map(({ id }) => id);

/** Turns from page to page as the buttons do. */
async function leaf(
  list: 'access' | 'requests' | 'waiting',
  who: Caller,
  isOneWay = false,
): Promise<{ there: string[][]; back: string[][] }> {
  const read = async (from: NonNullable<HomePage['older']>): Promise<HomePage> => {
    const position = { waiting: 'newest', requests: 'newest', access: 'newest', [list]: from } as const;
    const home: Home = await world.useCases.home(who, position);
    return home[list];
  };
  let page = await read('newest');
  const there = [ids(page)];
  while (page.older !== undefined) {
    page = await read(page.older);
    there.push(ids(page));
  }
  const back = [ids(page)];
  while (page.newer !== undefined && !isOneWay) {
    page = await read(page.newer);
    back.push(ids(page));
  }
  return { there, back };
}

describe('the home tab', () => {
  it('shows each of 300 grants once, page by page', async () => {
    await give(bob);
    await addGrants(world.pool, 300);
    const { there } = await leaf('access', bob, true);
    const all = there.flat();
    expect(all).toHaveLength(301);
    expect(new Set(all).size).toBe(301);
    expect(all).toEqual(all.toSorted().toReversed());
    expect(there.every((page) => page.length <= 8)).toBe(true);
    expect((await world.useCases.home(dave)).access).toEqual({ requests: [], newer: undefined, older: undefined });
  });

  it('leads back to the pages before', async () => {
    await give(bob);
    await addGrants(world.pool, 25);
    for (const list of ['access', 'requests'] as const) {
      const { there, back } = await leaf(list, bob);
      expect(there.map(({ length }) => length)).toEqual([8, 8, 8, 2]);
      expect(back.flat().toSorted()).toEqual(there.flat().toSorted());
      expect(back.at(-1)).toEqual(there[0]);
    }
  });

  it('gives the first page where the one asked for is empty by now', async () => {
    const request = await give(bob);
    const home = await world.useCases.home(bob, { waiting: 'newest', requests: { before: request.id }, access: { after: request.id } });
    expect(ids(home.requests)).toEqual([request.id]);
    expect(ids(home.access)).toEqual([request.id]);
    expect(home.requests.newer).toBeUndefined();
  });

  it('looks through all that is undecided for what a person may decide, some hundreds at a time', async () => {
    const first = await ask(bob);
    await world.pool.query(
      `insert into requests select (jsonb_populate_record(q, jsonb_build_object('id', ('ffffff00-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        'requestor_id', $1::uuid, 'principal_id', $1::uuid))).* from requests q, generate_series(1, 350) n`,
      [alice.person.id],
    );
    // All but one are her own, which she may not decide.
    const { there, back } = await leaf('waiting', alice);
    expect(there).toEqual([[], [first.id]]);
    expect(back).toEqual([[first.id], [], []]);
    expect((await leaf('waiting', bob)).there).toEqual([[], []]);
  });

  it('tells owners and reviewers of access that was not seen gone a minute after its end, and nobody else', async () => {
    const request = await give(bob);
    const overdue = async (who: Caller) => (await world.useCases.home(who)).overdue;
    await world.passTime('3630 seconds');
    expect(await overdue(alice)).toBeUndefined();
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.work.take();
    await world.passTime('1 minute');
    expect(await overdue(alice)).toMatchObject({ count: 1, shown: [{ request: { id: request.id }, problem: 'the target said no' }] });
    expect(await overdue(await world.caller('carol'))).toMatchObject({ count: 1 });
    expect(await overdue(bob)).toBeUndefined();
    await world.passTime('10 minutes');
    await world.reconcile();
    expect(await overdue(alice)).toBeUndefined();
  });

  it('tells them, too, of what could not be given and may be there all the same', async () => {
    const request = await ask(bob);
    must(await world.useCases.decideRequest(alice, request.id, { kind: 'approve', duration: undefined, digest: undefined }));
    world.target.faults.push({ kind: 'lost-after' });
    await world.reconcile();
    await world.passTime('11 minutes');
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.reconcile();
    expect([...world.target.held]).toEqual(['bob:readonly']);
    const overdue = async () => (await world.useCases.home(alice)).overdue;
    expect(await overdue()).toBeUndefined();
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.passTime('61 seconds');
    await world.reconcile();
    expect(await overdue()).toMatchObject({ count: 1, shown: [{ request: { id: request.id }, problem: 'the target said no' }] });
    await world.passTime('1 minute');
    await world.reconcile();
    expect([...world.target.held]).toEqual([]);
    expect(await overdue()).toBeUndefined();
  });

  it('counts all that is overdue and shows the longest overdue', async () => {
    const request = await give(bob);
    await addGrants(world.pool, 20);
    await world.pool.query(
      `update grants set granted_at = granted_at - interval '1 hour', expires_at = expires_at - interval '1 hour' where request_id = $1`,
      [request.id],
    );
    await world.passTime('2 hours');
    const { overdue } = await world.useCases.home(alice);
    expect(overdue?.count).toBe(21);
    expect(overdue?.shown).toHaveLength(5);
    expect(overdue?.shown[0]?.request.id).toBe(request.id);
  });

  it('knows owners', async () => {
    const isOwner = await Promise.all([alice, bob].map(async (who) => (await world.useCases.home(who)).isOwner));
    expect(isOwner).toEqual([true, false]);
  });
});

describe('what a change of the settings would do to live grants', () => {
  it('is what the change then does', async () => {
    await give(bob);
    await addGrants(world.pool, 2);
    const { settings } = world.useCases;
    const half = { time: 30, unit: 'm' } as const;
    const foreseen = must(await settings.foresee(alice, { maxAccess: half, standingAccess: { time: 1, unit: 'h' } }));
    expect(foreseen).toMatchObject({ maxAccess: { count: 3 }, standingAccess: { count: 0 } });
    expect(await world.audit()).not.toContainEqual(expect.objectContaining({ action: 'grant.shortened' }));
    must(await settings.save(alice, { maxAccess: half }, 'any'));
    const { rows } = await world.pool.query<{ ends: Date }>(`select expires_at as ends from grants where state = 'active' order by 1`);
    expect(foreseen.maxAccess.firstEnd).toBe(rows[0]?.ends.getTime());
    expect((await world.audit()).filter(({ action }) => action === 'grant.shortened')).toHaveLength(3);
    expect(must(await settings.foresee(alice, { maxAccess: half })).maxAccess.count).toBe(0);
    expect(must(await settings.foresee(alice, { maxAccess: { time: 1, unit: 'd' } })).maxAccess.count).toBe(0);
  });

  it('is for owners only, and so is the change; both refusals are on record', async () => {
    const { settings } = world.useCases;
    const wish = { maxAccess: { time: 30, unit: 'm' } } as const;
    const refusal = { ok: false, rejection: { code: 'role-required', roles: ['owner'] } };
    expect(await settings.foresee(bob, wish)).toEqual(refusal);
    expect(await settings.save(await world.caller('carol'), wish, 'any')).toEqual(refusal);
    expect((await world.audit()).filter(({ action }) => action === 'refused')).toHaveLength(2);
  });

  it('makes all changes or none, an event for each', async () => {
    const { settings } = world.useCases;
    const { version } = must(await settings.read(alice));
    const wish = { maxAccess: { time: 8, unit: 'h' }, removeOptions: ['5 minutes'], addOptions: [{ time: 4, unit: 'h' }] } as const;
    const saved = must(await settings.save(alice, wish, [version]));
    expect(saved.settings.maxAccess).toEqual({ time: 8, unit: 'h' });
    expect(saved.settings.expiryOptions.map(({ value }) => value)).toEqual(['1 hour', '1 day', '1 week', '30 days', '4 hours']);
    expect(must(await settings.read(alice))).toMatchObject(saved);
    const changed = (await world.audit()).filter(({ action }) => action === 'settings.changed').map(({ data }) => data['setting']);
    expect(changed).toEqual(['expiryOptions', 'maxAccess']);
    expect(await settings.save(alice, { maxAccess: { time: 9, unit: 'h' } }, [version])).toEqual({
      ok: false,
      rejection: { code: 'precondition-failed', current: saved.version },
    });
    const tooMany = Array.from({ length: 101 }, (_, index) => ({ time: index + 1, unit: 's' }) as const);
    expect(await settings.save(alice, { maxAccess: { time: 9, unit: 'h' }, addOptions: tooMany }, 'any')).toMatchObject({ ok: false });
    expect(must(await settings.read(alice))).toMatchObject(saved);
    expect(must(await settings.save(alice, { maxAccess: { time: 8, unit: 'h' } }, 'any'))).toEqual(saved);
  });
});

it('tells owners of what is overdue although nobody can say how late access was', async () => {
  await give(bob);
  await world.passTime('2 hours');
  const lateness = { ...world.store.lateness, lately: () => Promise.reject(new Error('it took too long')) };
  const useCases = createUseCases({ ...world.deps, store: { ...world.store, lateness } });
  expect(await useCases.home(alice)).toMatchObject({ overdue: { count: 1 }, lateness: [] });
});

it('is drawn without how late access was, while that cannot be read, and asks for it once', async () => {
  const client = await world.pool.connect();
  try {
    await client.query('begin');
    await client.query('lock table rights in access exclusive mode');
    const waiting = () => world.pool.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    expect(await Promise.all([world.store.lateness.lately(org), world.store.lateness.lately(org)])).toEqual([undefined, undefined]);
    expect((await waiting()).rowCount).toBe(1);
    await client.query('rollback');
    await expect.poll(() => world.store.lateness.lately(org)).toMatchObject({ integrations: [] });
  } finally {
    client.release();
  }
});

it('knows how late access was until that cannot be read any more, and no connection is left busy with it', async () => {
  const lately = () => world.store.lateness.lately(org);
  const before = await lately();
  const start = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(start + 301_000);
  const client = await world.pool.connect();
  try {
    await client.query('begin; lock table grants in access exclusive mode');
    expect(await lately()).toEqual(before);
    const waiting = async () =>
      (await world.pool.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rowCount;
    await expect.poll(waiting).toBe(1);
    await expect.poll(waiting, { timeout: 12_000 }).toBe(0);
    await expect(lately()).rejects.toThrow('statement timeout');
    await client.query('rollback');
    await expect(lately()).rejects.toThrow('statement timeout');
    clock.mockReturnValue(start + 362_000);
    expect(await lately()).toMatchObject({ integrations: [] });
  } finally {
    client.release();
    clock.mockRestore();
  }
});

it('tells owners and reviewers how late access was seen gone lately', async () => {
  const { id } = await give(bob);
  expect((await world.useCases.home(alice)).lateness).toEqual([]);
  must(await world.useCases.relinquishGrant(bob, id));
  await world.reconcile();
  await world.pool.query(`update grants set gone_at = end_at + interval '1500 milliseconds'`);
  await world.passTime('1 minute');
  // It is asked for again and again, so what was read lately is told.
  expect((await world.useCases.home(alice)).lateness).toEqual([]);
  const afresh = createUseCases({
    ...world.deps,
    store: createStore({ db: world.db, pool: world.pool, removals: world.pool, gives: world.pool }),
  });
  expect((await afresh.home(alice)).lateness).toEqual([{ integration: 'sample', ended: 1, p50Ms: 1500, p99Ms: 1500, maxMs: 1500 }]);
  expect((await afresh.home(bob)).lateness).toEqual([]);
});
