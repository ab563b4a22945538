import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyDatabase } from '../../src/store/audit-verify.ts';
import { setBootstrapKey } from '../../src/store/configured.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
  const system = { kind: 'system' } as const;
  for (let n = 0; n < 6; n += 1) await world.store.recordRefusal(system, org, { attempt: `a${n}`, code: 'not-found', request: undefined });
});
afterEach(() => world[Symbol.asyncDispose]());

const verify = (anchors: Parameters<typeof verifyDatabase>[1] = []) => verifyDatabase(world.db, anchors);

describe('sealing', () => {
  it('seals each event once, also where two do it at once, and the chain holds', async () => {
    const sealed = await Promise.all([world.work.seal(), world.work.seal(), world.work.seal()]);
    expect(sealed.reduce((sum, each) => sum + each, 0)).toBe(6);
    expect(await world.work.seal()).toBe(0);
    const { rows } = await world.pool.query('select seq::int from audit_chain order by seq');
    expect(rows.map((row) => row.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await verify(await world.store.audit.heads())).toEqual({ events: 6, flaw: undefined });
  });

  it('refuses to change the chain', async () => {
    await world.work.seal();
    for (const change of ['update audit_chain set seq = seq + 100', 'delete from audit_chain', 'truncate audit_chain'])
      await expect(world.pool.query(change)).rejects.toThrow('append-only');
  });
});

describe('what somebody with power over the database did', () => {
  const free = 'alter table audit disable trigger user; alter table audit_chain disable trigger user;';
  it.each([
    ['changed data', `update audit set data = '{}' where id = (select event_id from audit_chain where seq = 3)`, 3],
    ['changed actor', `update audit set actor = '{"kind":"policy"}' where id = (select event_id from audit_chain where seq = 2)`, 2],
    [
      'deleted event',
      `alter table audit_chain drop constraint audit_chain_event_id_fkey; delete from audit where id = (select event_id from audit_chain where seq = 4)`,
      4,
    ],
    ['deleted chain row', 'delete from audit_chain where seq = 4', 5],
    ['swapped', `update audit a set data = b.data from audit b where a.id in (1, 2) and b.id = 3 - a.id`, 1],
    ['slipped in', `insert into audit (org, action, actor) values ('demo', 'x', '{}')`, undefined],
  ])('%s is found', async (_, change, seq) => {
    await world.work.seal();
    await world.pool.query(free + change);
    const { flaw } = await verify();
    expect(flaw).toBeDefined();
    expect(flaw?.seq).toBe(seq);
  });

  it('a tail cut off, head and all, is found by what was known of it elsewhere', async () => {
    await world.work.seal();
    const anchors = await world.store.audit.heads();
    await world.pool.query(`${free} delete from audit_chain where seq > 4;
      update audit_heads set seq = 4, hash = (select hash from audit_chain where seq = 4);
      delete from audit where id not in (select event_id from audit_chain)`);
    expect((await verify()).flaw).toBeUndefined();
    expect((await verify(anchors)).flaw?.what).toContain('tail is missing');
  });

  it('a chain written anew is found by what was known of it elsewhere', async () => {
    await world.work.seal();
    const anchors = await world.store.audit.heads();
    await world.pool.query(`${free} update audit set data = '{}'; insert into audit_unsealed select event_id, org from audit_chain;
      delete from audit_chain; delete from audit_heads`);
    await world.work.seal();
    expect((await verify()).flaw).toBeUndefined();
    expect((await verify(anchors)).flaw?.what).toContain('written anew');
  });
});

async function openApp() {
  await setBootstrapKey(world.db, org, email('alice@example.com'), 'the key of alice in these tests, long');
  const app = await createHttpApp({
    useCases: world.useCases,
    org,
    log: { info: () => undefined, error: () => undefined },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 10_000,
  });
  return { app, headers: { authorization: 'Bearer the key of alice in these tests, long' } };
}

it('puts calls that came to no door on record together, and those that a door refused each by itself', async () => {
  const { app, headers } = await openApp();
  const before = (await world.audit()).length;
  const url = '/o/demo/command';
  const calls = [
    { url },
    { url, headers: { authorization: 'Bearer unknown' } },
    { url: '/o/others/command', headers },
    { url, headers, payload: { argv: 'no list' } },
    { url: '/o/demo/permission-requests/01938a00-0000-7000-8000-000000000001/deny', headers },
  ];
  const statuses = await Promise.all(calls.map(async (call) => (await app.inject({ method: 'POST', ...call })).statusCode));
  expect(statuses).toEqual([401, 401, 404, 400, 404]);
  await app.close();
  const told = (await world.audit()).slice(before);
  expect(told).toMatchObject([
    { action: 'refused', actor: { email: 'alice@example.com' }, data: { attempt: 'request.decide', code: 'not-found' } },
    { action: 'calls.refused', actor: { kind: 'unknown' }, data: { 401: 2, 404: 1, 400: 1 } },
  ]);
});

it('answers GET /audit page by page, filtered, and shows others only what they did', async () => {
  await world.work.seal();
  const { app, headers } = await openApp();
  const get = async (query: string) => {
    const response = await app.inject({ method: 'GET', url: `/o/demo/audit${query}`, headers });
    return { status: response.statusCode, body: response.json() };
  };
  const first = await get('?limit=4');
  expect(first.body.items.map((item: { seq: number }) => item.seq)).toEqual([6, 5, 4, 3]);
  const second = await get(`?limit=4&cursor=${first.body.nextCursor}`);
  expect(second.body.items.map((item: { seq: number }) => item.seq)).toEqual([2, 1]);
  expect(second.body.nextCursor).toBeNull();
  expect((await get('?action=ref*')).body.items).toHaveLength(6);
  for (const none of ['?action=ref', '?actor=x@example.com', '?until=0000-01-01T00:00:00Z', '?since=9999-01-01T00:00:00Z'])
    expect((await get(none)).body.items, none).toEqual([]);
  for (const bad of ['?cursor=x', '?since=yesterday', '?request=1']) expect((await get(bad)).status, bad).toBe(400);
  await app.close();

  const page = {
    action: undefined,
    actorEmail: undefined,
    request: undefined,
    since: undefined,
    until: undefined,
    before: undefined,
    limit: 10,
  };
  const member = await world.useCases.audit.list(await world.caller('bob'), page);
  expect(member).toMatchObject({ ok: true, value: [] });
});
