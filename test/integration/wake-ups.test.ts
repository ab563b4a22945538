import { expect, it, vi } from 'vitest';
import { createWork } from '../../src/app/index.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { createWorld, type World } from '../support/world.ts';

async function ask(world: World): Promise<RequestId> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const wish = { right, reason: 'look', duration: undefined, to: undefined };
  const asked = await world.useCases.submitRequest(await world.caller('bob'), wish);
  if (!asked.ok) throw new Error(asked.rejection.code);
  return asked.value.request.id;
}

it('of several wake-ups for one request the first tells for all', async () => {
  await using world = await createWorld();
  const id = await ask(world);
  await world.store.wakeNotice(world.deps.org, id);
  const read = vi.fn<typeof world.store.request>((...about) => world.store.request(...about));
  const background = { ...world.store, request: read };
  const work = createWork({ ...world.deps, background, messenger: world.messenger, jobs: world.jobs, hands: world.hands });
  await work.notify(id);
  expect(world.posted.map(({ slot }) => slot)).toEqual(['approval', 'request']);
  const before = read.mock.calls.length;
  expect(before).toBeGreaterThan(0);
  await work.notify(id);
  expect(read.mock.calls.length).toBe(before);
  // A new line is looked at, whoever is told nothing by it.
  await world.store.wakeNotice(world.deps.org, id);
  await work.notify(id);
  expect(read.mock.calls.length).toBeGreaterThan(before);
  expect(world.posted.map(({ redrawn }) => redrawn)).toEqual([0, 0]);
});

it('relays and seals all, where a batch is exactly full and where one is left over', async () => {
  await using world = await createWorld();
  const id = await ask(world);
  for (const [lines, events] of [
    [200, 500],
    [201, 501],
    [400, 1_000],
  ] as const) {
    await world.pool.query(`update outbox set sent_at = now() where sent_at is null`);
    await world.work.seal();
    await world.pool.query(`insert into outbox (org, kind, subject) select 'demo', 'notify', $1 from generate_series(1, $2::int)`, [
      id,
      lines,
    ]);
    await world.pool.query(`insert into audit (org, action, actor) select 'demo', 'test', '{}' from generate_series(1, $1::int)`, [events]);
    await world.work.relay();
    expect(await world.work.seal()).toBe(events);
    const left = await world.pool.query(`select from outbox where sent_at is null union all select from audit_unsealed`);
    expect(left.rowCount).toBe(0);
  }
});
