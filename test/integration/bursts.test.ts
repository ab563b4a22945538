import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Messenger } from '../../src/app/ports.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { mostTogether } from '../../src/store/shared-notices.ts';
import { addGrants } from '../support/many-grants.ts';
import { createWorld, org, type World } from '../support/world.ts';

// Many notices to one person are one message, which is not doubled, forgotten or sent too early (ADR 13).

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** Bob has so many rights, each told by a message of its own: they came one at a time. */
async function give(count: number, apart = '61 seconds'): Promise<PermissionRequest[]> {
  const given: PermissionRequest[] = [];
  for (let each = 0; each < count; each++) {
    const submitted = await world.useCases.submitRequest(await world.caller('bob'), {
      right: { service: 'pg', accessType: 'role', resource: each % 2 === 0 ? 'readonly' : 'readwrite', integration: undefined },
      reason: `${each}`,
      duration: parseDuration('1h'),
      to: undefined,
    });
    if (!submitted.ok) throw new Error(submitted.rejection.code);
    const { request } = submitted.value;
    await world.useCases.decideRequest(await world.caller('carol'), request.id, {
      kind: 'approve',
      duration: undefined,
      digest: undefined,
    });
    given.push(request);
    if (apart !== '') {
      await world.reconcile();
      await tellAll();
      await world.pool.query(`update shared_notices set decided_at = decided_at - $1::interval`, [apart]);
    }
  }
  return given;
}

/** What the queue does: everything in the outbox, several at a time. */
async function tellAll(): Promise<PromiseSettledResult<void>[]> {
  const results: PromiseSettledResult<void>[] = [];
  for (;;) {
    const { rows } = await world.pool.query<{ subject: PermissionRequest['id'] }>(
      `select distinct subject from outbox where kind = 'notify' order by subject`,
    );
    if (rows.length === 0) return results;
    const round = await Promise.allSettled(rows.map(({ subject }) => world.work.notify(subject)));
    results.push(...round);
    if (round.some(({ status }) => status === 'rejected')) return results;
  }
}

/** Their time is over, and the target was seen without them. */
async function end(): Promise<void> {
  await world.passTime('2 hours');
  await world.reconcile();
}
const told = (slot: string) => world.posted.filter((message) => message.slot === slot);
const several = (slot: string) => told(slot).map(({ picture }) => [picture.several?.total, picture.several?.requests.length]);

it('tells five ends one by one, and six in one message', async () => {
  await give(5);
  expect(several('accesses')).toEqual([]);
  expect(told('access')).toHaveLength(5);
  await end();
  await tellAll();
  expect(told('ended')).toHaveLength(5);
  expect(told('endings')).toEqual([]);

  await give(6);
  // The minute in which the others were told is over.
  await end();
  await world.pool.query(`update shared_notices set decided_at = decided_at - interval '2 minutes'`);
  await tellAll();
  expect(told('ended')).toHaveLength(5);
  expect(several('endings')).toEqual([[6, 6]]);
  const [summary] = told('endings');
  expect(summary?.picture.several?.requests.every(({ state }) => state.kind === 'approved' && state.grant.state.kind === 'ended')).toBe(
    true,
  );
  // Nothing is left to do, however often it is asked for.
  const before = world.posted.map(({ redrawn }) => redrawn);
  for (const { id } of summary?.picture.several?.requests ?? []) await world.work.notify(id);
  await tellAll();
  expect(world.posted.map(({ redrawn }) => redrawn)).toEqual(before);
}, 60_000);

it('tells what was given in one message, and keeps it true', async () => {
  const given = await give(30, '');
  await world.reconcile();
  await world.pool.query('update accounts set secret = null');
  await tellAll();
  expect(told('access')).toEqual([]);
  expect(several('accesses')).toEqual([[30, 20]]);
  const [first] = given;
  if (first === undefined) throw new Error('nothing was given');
  await world.useCases.relinquishGrant(await world.caller('bob'), first.id);
  await world.reconcile();
  await tellAll();
  expect(several('accesses')).toEqual([[30, 20]]);
  expect(told('accesses')[0]?.picture.several?.commands).toEqual(['connect as bob']);
  const shown = told('accesses')[0]?.picture.several?.requests.find(({ id }) => id === first.id);
  expect(shown?.state.kind === 'approved' ? shown.state.grant.state.kind : undefined).toBe('ended');
  expect(told('ended')).toHaveLength(1);
}, 60_000);

it('says of none that it has ended before it was seen', async () => {
  await give(8);
  await world.passTime('2 hours');
  // Nothing was taken away yet, whoever is woken.
  for (const { picture } of told('access')) await world.work.notify(picture.request.id);
  expect([...told('ended'), ...told('endings')]).toEqual([]);
  await world.reconcile();
  await tellAll();
  expect(several('endings')).toEqual([[8, 8]]);
}, 60_000);

it('adds to it what ends within a minute, and begins another after that', async () => {
  await give(8);
  await end();
  await tellAll();
  const more = async () => {
    const [request] = await give(1, '0 seconds');
    await world.useCases.relinquishGrant(await world.caller('bob'), (request ?? never()).id);
    await world.reconcile();
    await tellAll();
  };
  await more();
  expect(several('endings')).toEqual([[9, 9]]);
  await world.pool.query(`update shared_notices set decided_at = decided_at - interval '2 minutes'`);
  await more();
  expect(several('endings')).toEqual([[9, 9]]);
  expect(told('ended')).toHaveLength(1);
}, 60_000);

const never = (): never => {
  throw new Error('nothing was given');
};

it('has one message after an hour in which Slack was away', async () => {
  await give(8);
  for (const slot of ['ended', 'endings'] as const) world.messenger.failing.add(slot);
  const ids = told('access').map(({ picture }) => picture.request.id);
  for (const id of ids) {
    await world.useCases.relinquishGrant(await world.caller('bob'), id);
    await world.reconcile();
    await tellAll();
    await world.passTime('7 minutes');
  }
  world.messenger.failing.clear();
  await tellAll();
  expect(told('ended')).toEqual([]);
  expect(several('endings')).toEqual([[8, 8]]);
}, 60_000);

it('looks for a summary whose answer was lost, and does not post it twice', async () => {
  await give(8);
  await end();
  const post = world.messenger.post.bind(world.messenger);
  vi.spyOn(world.messenger, 'post').mockImplementation(async (each, picture, under, witness) => {
    await witness?.begin('C');
    const ref = await post(each, picture, under);
    if (each.slot === 'endings') throw new Error('the answer got lost');
    return ref;
  });
  const results = await tellAll();
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  const { rows } = await world.pool.query('select slot from posting_attempts');
  expect(rows).toEqual([{ slot: 'endings' }]);
  vi.restoreAllMocks();
  const find: Messenger['find'] = async (id, { posting: { slot }, channel }) => {
    const found = world.posted.find((message) => message.slot === slot && message.picture.request.id === id);
    return found === undefined ? undefined : { channel, ts: found.ts };
  };
  vi.spyOn(world.messenger, 'find').mockImplementation(find);
  await tellAll();
  expect(several('endings')).toEqual([[8, 8]]);
  expect(told('ended')).toEqual([]);
}, 60_000);

it('warns of five ends one by one, and of more in one message that is kept true', async () => {
  const given = await give(12);
  await world.passTime('55 minutes');
  await world.work.remind();
  await tellAll();
  expect(told('warning')).toHaveLength(5);
  expect(several('warnings')).toEqual([[7, 7]]);
  expect(told('warnings')[0]?.picture.several?.live).toBe(7);
  const warned = new Set(told('warning').map(({ picture }) => picture.request.id));
  const [one] = given.filter(({ id }) => !warned.has(id));
  await world.useCases.relinquishGrant(await world.caller('bob'), (one ?? never()).id);
  await world.reconcile();
  await tellAll();
  expect(told('warnings').map(({ picture }) => picture.several?.live)).toEqual([6]);
  await end();
  await tellAll();
  expect(told('warnings').map(({ picture }) => picture.several?.live)).toEqual([0]);
  expect(told('warning')).toHaveLength(5);
  expect(several('endings')).toEqual([[11, 11]]);
  // Time was moved under the one that had ended before: that is seen once.
  const look = async () => {
    for (const { id } of given) await world.work.notify(id);
    await tellAll();
    return world.posted.map(({ redrawn }) => redrawn);
  };
  expect(await look()).toEqual(await look());
}, 60_000);

it('warns of nothing that ended before anybody could be warned of it', async () => {
  await give(12);
  await world.passTime('55 minutes');
  for (const slot of ['warning', 'warnings'] as const) world.messenger.failing.add(slot);
  await world.work.remind();
  await tellAll();
  await end();
  world.messenger.failing.clear();
  await tellAll();
  expect([...told('warning'), ...told('warnings')]).toEqual([]);
  expect(several('endings')).toEqual([[12, 12]]);
}, 60_000);

it('puts so many into one message and no more, and nothing into two', async () => {
  const [first] = await give(1);
  if (first === undefined) throw new Error('nothing was given');
  await end();
  await addGrants(world.pool, 1_200);
  await world.pool.query(`insert into outbox (org, kind, subject) select org, 'notify', id from requests`);
  const { rows } = await world.pool.query<{ id: RequestId }>(`select id from requests where id <> $1 order by id desc`, [first.id]);
  const bob = first.principal.id;
  const leaders: (string | undefined)[] = [];
  // Some come at the same moment, the others after them.
  for (const some of [rows.slice(0, 30), rows.slice(30)])
    leaders.push(...(await Promise.all(some.map(({ id }) => world.store.shareNotice(org, id, bob, 'ended')))));
  expect(leaders.filter((leader) => leader === undefined)).toEqual([]);
  const told = new Map<RequestId, number>();
  for (const leader of new Set(leaders.flatMap((leader) => (leader === undefined ? [] : [leader as RequestId])))) {
    const sharers = await world.store.sharers(org, leader, 'ended');
    expect(sharers.length).toBeLessThanOrEqual(mostTogether);
    for (const id of sharers) told.set(id, (told.get(id) ?? 0) + 1);
  }
  expect(new Set(leaders).size).toBe(3);
  expect([...told.values()].filter((times) => times !== 1)).toEqual([]);
  for (const { id } of rows) expect(told.has(id)).toBe(true);
}, 120_000);

it('keeps one message from which the password can be fetched', async () => {
  const given = await give(12, '');
  await world.reconcile();
  await tellAll();
  expect(told('access')).toHaveLength(1);
  expect(told('access')[0]?.picture.secretWaits).toBe(true);
  expect(several('accesses')).toEqual([[given.length - 1, given.length - 1]]);
}, 60_000);

it('gives everybody their own', async () => {
  await give(8);
  const { rows } = await world.pool.query<{ n: number }>('select count(*)::int as n from shared_notices where leader is not null');
  expect(rows).toEqual([{ n: 0 }]);
  await end();
  await tellAll();
  expect(new Set(told('endings').map(({ picture }) => picture.request.principal.email))).toEqual(new Set(['bob@example.com']));
  expect((await world.store.sharedNotices(org, (told('endings')[0] ?? never()).picture.request.id)).map(({ slot }) => slot)).toEqual([
    'ended',
  ]);
}, 60_000);
