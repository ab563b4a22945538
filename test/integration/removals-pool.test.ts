import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseDuration } from '../../src/domain/duration.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { startHeartbeat } from '../../src/heartbeat.ts';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { createHandlers } from '../../src/serve.ts';
import { createWork } from '../../src/app/index.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/index.ts';
import { createWorld, type World } from '../support/world.ts';

// I16: however many connections all else takes, a removal has its own; so has what is given, and the background keeps nobody waiting.

let world: World;
let request: RequestId;
beforeEach(async () => {
  world = await createWorld();
  request = await approved('bob');
  await world.reconcile();
  expect([...world.target.held]).toEqual(['bob:readonly']);
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

/** Every connection of the main pool is busy until this is disposed of, and somebody waits for one. */
async function allConnectionsTaken() {
  const clients = await Promise.all(Array.from({ length: world.pool.options.max }, () => world.pool.connect()));
  const busy = clients.map((client) => client.query('select pg_sleep(60)').catch(() => undefined));
  const waiting = world.pool.query('select').catch(() => undefined);
  expect(world.pool.waitingCount).toBeGreaterThan(0);
  return {
    async [Symbol.asyncDispose]() {
      await withClient(world.database.url, (client) =>
        client.query(
          `select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(60)'`,
        ),
      );
      await Promise.all(busy);
      for (const client of clients) client.release();
      await waiting;
    },
  };
}

/** So many milliseconds after its end the access was seen gone; undefined: it is there still. Over a connection of its own. */
const lateness = () =>
  withClient(world.database.url, async (client) => {
    const { rows } = await client.query<{ late: number | null }>(
      `select extract(epoch from gone_at - end_at)::float8 * 1000 as late from grants where request_id = $1`,
      [request],
    );
    return rows[0]?.late ?? undefined;
  });

it('takes a right away by the heartbeat while every other connection is taken', async () => {
  await world.passTime('3595 seconds');
  await using _heartbeat = startHeartbeat(world.work, world.hands.log);
  await using _taken = await allConnectionsTaken();
  // The first turn came before its end, and the next is five seconds later.
  expect([...world.target.held]).toEqual(['bob:readonly']);
  await expect.poll(lateness, { timeout: 12_000, interval: 100 }).toBeLessThan(6_000);
  expect([...world.target.held]).toEqual([]);
  expect(world.pool.waitingCount).toBeGreaterThan(0);
});

it('gives what was approved while every other connection is taken', async () => {
  await approved('dave');
  await using stack = new AsyncDisposableStack();
  {
    await using _taken = await allConnectionsTaken();
    // It waits for what it has begun, and so is stopped when there are connections again.
    stack.use(startHeartbeat(world.work, world.hands.log));
    await expect.poll(() => [...world.target.held], { timeout: 4_000, interval: 50 }).toEqual(['bob:readonly', 'dave:readonly']);
    expect(world.pool.waitingCount).toBeGreaterThan(0);
  }
});

it('decides, gives, takes and seals while the background has no connection', async () => {
  const behind = openDatabase(world.database.url, world.hands.log, { max: 2 });
  const background = createStore({ ...behind, removals: behind.pool, gives: behind.pool });
  const work = createWork({ ...world.deps, background, messenger: world.messenger, jobs: world.jobs, hands: world.hands });
  const clients = [await behind.pool.connect(), await behind.pool.connect()];
  const telling = work.notify(request);
  await approved('dave');
  expect((await world.useCases.revokeGrant(await world.caller('alice'), request, undefined)).ok).toBe(true);
  expect(await work.give()).toBe(1);
  expect(await work.take()).toBe(1);
  expect([...world.target.held]).toEqual(['dave:readonly']);
  await work.seal();
  expect((await world.pool.query('select from audit_unsealed')).rowCount).toBe(0);
  // What it was asked to tell, it tells later.
  expect(world.posted).toEqual([]);
  for (const client of clients) client.release();
  await telling;
  expect(world.posted.map(({ slot }) => slot)).toContain('request');
  await behind.db.destroy();
});

it('takes a right away by its alarm while every other connection is taken', async () => {
  await world.passTime('3597 seconds');
  const [second] = await world.store.dueSeconds();
  if (second === undefined) throw new Error('nothing falls due');
  const turns: Promise<unknown>[] = [];
  {
    await using _taken = await allConnectionsTaken();
    await sleep(second * 1000 - (await world.store.now()));
    turns.push(createHandlers(world.work, world.store).due(second));
    await expect.poll(lateness, { timeout: 6_000, interval: 50 }).toBeLessThan(2_000);
    expect([...world.target.held]).toEqual([]);
    expect(world.pool.waitingCount).toBeGreaterThan(0);
  }
  await Promise.allSettled(turns);
});
