import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createReconciler } from '../../src/app/reconcile.ts';
import type { Store } from '../../src/app/store.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { createWorld, type World } from '../support/world.ts';

// Found by the chaos lane: access was gone, the write-back met a connection that broke, and for fifteen seconds it was told as there.

let world: World;
let request: RequestId;
beforeEach(async () => {
  world = await createWorld();
  request = await approved('bob');
});
afterEach(() => world[Symbol.asyncDispose]());

async function approved(name: string): Promise<RequestId> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const wish = { right, reason: 'look', duration: parseDuration('1h'), to: undefined };
  const asked = await world.useCases.submitRequest(await world.caller(name), wish);
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { id } = asked.value.request;
  await world.useCases.decideRequest(await world.caller('alice'), id, { kind: 'approve', duration: undefined, digest: undefined });
  return id;
}

async function grant() {
  const { rows } = await world.pool.query<{ state: string; lease: string | null; attempts: number; ended: number }>(
    `select g.state, r.lease_owner as lease, r.attempts,
      (select count(*)::int from audit a where a.request_id = g.request_id and a.action = 'grant.ended') as ended
      from grants g join rights r on r.org = g.org and r.id = g.right_id where g.request_id = $1`,
    [request],
  );
  return rows[0];
}

/** A reconciler whose write-backs are made by `settle`. */
const reconcilerWith = (settle: Store['settle']) =>
  createReconciler({ ...world.hands, store: { ...world.store, settle } }, { wake: async () => undefined });

const gone = { state: 'ended', lease: null, attempts: 0, ended: 1 };

async function isOver(): Promise<void> {
  await world.reconcile();
  expect(await grant()).toEqual({ ...gone, state: 'active', ended: 0 });
  await world.passTime('2 hours');
}

/** Past the lease, and past what may still be on its way from it (R3). */
async function comesAgain(): Promise<void> {
  await world.passTime('16 seconds');
  await world.reconcile();
  await world.passTime('20 seconds');
  await world.reconcile();
  expect(await grant()).toEqual(gone);
}

it('is made again at once over another connection when its own breaks', async () => {
  await isOver();
  const holder = await world.pool.connect();
  // Only the write-back wants to change the grant, and waits for it.
  await holder.query('begin');
  await holder.query('select from grants for update');
  const taken = world.work.take();
  const breakIt = async () =>
    (
      await world.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%One reading of the clock for all%'`)
    ).rowCount;
  await expect.poll(breakIt, { timeout: 10_000 }).toBe(1);
  await holder.query('rollback');
  holder.release();
  await taken;
  expect([...world.target.held]).toEqual([]);
  expect(world.target.calls.filter((call) => call.startsWith('take'))).toHaveLength(1);
  expect(await grant()).toEqual(gone);
});

it('counts once when it arrived and only its answer got lost', async () => {
  await isOver();
  let tries = 0;
  await reconcilerWith(async (settlements) => {
    const aftermath = await world.store.settle(settlements);
    tries += 1;
    if (tries === 1) throw new Error('Connection terminated unexpectedly');
    return aftermath;
  }).take();
  expect(tries).toBe(2);
  expect(await grant()).toEqual(gone);
});

it('changes nothing when the right has been claimed again meanwhile, and its lease goes on', async () => {
  await isOver();
  let tries = 0;
  await reconcilerWith(async (settlements) => {
    tries += 1;
    if (tries > 1) return world.store.settle(settlements);
    // As though the lease had run out. By the same process: only the fence tells the two claims apart.
    await world.pool.query(`update rights set lease_until = now() - interval '1 second'`);
    expect(await world.store.claim('take', 1, undefined)).toHaveLength(1);
    throw new Error('Connection terminated unexpectedly');
  }).take();
  expect(tries).toBe(2);
  expect(await grant()).toEqual({ state: 'active', lease: expect.any(String), attempts: 0, ended: 0 });
  await comesAgain();
});

it('is not made again once the lease has run out', async () => {
  await isOver();
  let tries = 0;
  let jumpMs = 0;
  const settle: Store['settle'] = async () => {
    tries += 1;
    jumpMs = 15_000;
    throw new Error('canceling statement due to statement timeout');
  };
  const hands = { ...world.hands, store: { ...world.store, settle }, monotonicMs: () => performance.now() + jumpMs };
  await expect(createReconciler(hands, { wake: async () => undefined }).take()).rejects.toThrow('statement timeout');
  expect(tries).toBe(1);
  await comesAgain();
});

it('is waited for where the next claim fails', async () => {
  await isOver();
  const { promise: mayWrite, resolve: letWrite } = Promise.withResolvers<void>();
  let claims = 0;
  const claim: Store['claim'] = async (...wanted) => {
    claims += 1;
    if (claims > 1) throw new Error('the database is away');
    return world.store.claim(...wanted);
  };
  const settle: Store['settle'] = async (settlements) => {
    await mayWrite;
    return world.store.settle(settlements);
  };
  let isDone = false;
  const taking = createReconciler({ ...world.hands, store: { ...world.store, claim, settle } }, { wake: async () => undefined })
    .take()
    .finally(() => {
      isDone = true;
    });
  taking.catch(() => undefined);
  await expect.poll(() => claims).toBe(2);
  await sleep(50);
  expect(isDone).toBe(false);
  letWrite();
  await expect(taking).rejects.toThrow('the database is away');
  expect(await grant()).toEqual(gone);
});

it('does not keep from being done what was claimed while it failed', async () => {
  await approved('dave');
  await isOver();
  const { promise: hasFailed, resolve: fail } = Promise.withResolvers<void>();
  let claims = 0;
  const claim: Store['claim'] = async (lane, _, targets) => {
    claims += 1;
    const claimed = await world.store.claim(lane, 1, targets);
    if (claims === 2) await hasFailed;
    return claimed;
  };
  let tries = 0;
  const settle: Store['settle'] = async (settlements) => {
    tries += 1;
    if (tries > 5) return world.store.settle(settlements);
    // After the last try it is given up, before the claim that goes on meanwhile comes back.
    if (tries === 5) setTimeout(fail, 50);
    throw new Error('the database system is shutting down');
  };
  const reconciler = createReconciler({ ...world.hands, store: { ...world.store, claim, settle } }, { wake: async () => undefined });
  await expect(reconciler.take()).rejects.toThrow('shutting down');
  expect(claims).toBe(2);
  expect([...world.target.held]).toEqual([]);
  expect(tries).toBe(6);
});

it('is given up when the database stays away, and the right comes again', async () => {
  await isOver();
  let tries = 0;
  const away = reconcilerWith(async () => {
    tries += 1;
    throw new Error('the database system is shutting down');
  });
  await expect(away.take()).rejects.toThrow('shutting down');
  expect(tries).toBe(5);
  expect(await grant()).toMatchObject({ state: 'active', ended: 0 });
  await comesAgain();
});
