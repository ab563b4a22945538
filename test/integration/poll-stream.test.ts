import { request as send, type IncomingMessage, type Server } from 'node:http';
import { createInterface } from 'node:readline';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import { listenOutbox } from '../../src/store/listen.ts';
import { listening, worldApp } from '../support/http-app.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
let server: Server;
let port: number;
let outbox: AsyncDisposable;
beforeAll(async () => {
  world = await createWorld();
  const wakes = new Set<() => void>();
  const subscribe = (wake: () => void) => {
    wakes.add(wake);
    return () => void wakes.delete(wake);
  };
  outbox = listenOutbox(world.database.url, () => wakes.forEach((wake) => wake()), { ...world.deps.routing.log });
  const useCases = createUseCases({ ...world.deps, wakes: { subscribe } });
  app = await worldApp(world, useCases);
  ({ server, port } = await listening(app));
});
afterAll(async () => {
  await app.close();
  server.closeAllConnections();
  server.close();
  await outbox[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const call = (who: string, method: 'GET' | 'POST', path: string, payload?: object) =>
  app.inject({ method, url: `/o/demo${path}`, headers: { authorization: `Bearer ${who}` }, ...(payload === undefined ? {} : { payload }) });
async function ask(to?: string): Promise<string> {
  const argv = ['pg', 'role', 'readonly', '--reason', 'x'];
  argv.unshift(...(to === undefined ? ['request'] : ['grant']));
  if (to !== undefined) argv.push('--to', to);
  return (await call('bob', 'POST', '/command/', { argv, scriptName: 'p0' })).json().id;
}

/** The lines of a poll over a real socket, one by one. */
async function poll(id: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = send({ port, host: '127.0.0.1', path: `/o/demo/command/${id}/poll`, headers: { authorization: 'Bearer bob' } }, resolve);
    sent.on('error', reject);
    sent.end();
  });
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  return {
    status: response.statusCode,
    leave: () => response.destroy(),
    next: async () => JSON.parse((await lines.next()).value ?? 'null'),
  };
}

describe('the poll stream', () => {
  it('holds until the access is there, then tells once and ends', async () => {
    const id = await ask();
    const stream = await poll(id);
    expect([stream.status, await stream.next()]).toEqual([200, { type: 'heartbeat' }]);
    expect((await call('carol', 'POST', `/permission-requests/${id}/approve`, { expirationLength: '1h' })).statusCode).toBe(200);
    await world.reconcile();
    const told = await stream.next();
    expect(told).toMatchObject({
      type: 'data',
      data: {
        ok: true,
        id,
        message: expect.any(String),
        isPreexisting: false,
        isPersistent: false,
        isPreapproved: false,
        request: { status: 'DONE' },
      },
    });
    expect(await stream.next()).toBeNull();
    const again = await poll(id);
    expect([await again.next(), await again.next()]).toMatchObject([{ type: 'heartbeat' }, { data: { request: { status: 'DONE' } } }]);
    expect((await call('bob', 'POST', `/permission-requests/${id}/relinquish`)).statusCode).toBe(200);
    await world.reconcile();
    const gone = await poll(id);
    expect([await gone.next(), await gone.next()]).toMatchObject([{ type: 'heartbeat' }, { data: { request: { status: 'REVOKED' } } }]);
  });

  it('tells of a denial and of a request taken back', async () => {
    for (const [who, action] of [
      ['carol', 'deny'],
      ['bob', 'cancel'],
    ] as const) {
      const id = await ask();
      const stream = await poll(id);
      await stream.next();
      expect((await call(who, 'POST', `/permission-requests/${id}/${action}`)).statusCode).toBe(200);
      expect(await stream.next()).toMatchObject({ type: 'data', data: { request: { status: 'DENIED' } } });
    }
  });

  it('answers what cannot be read as not found, before any stream', async () => {
    const id = await ask();
    for (const [who, path] of [
      ['bob', 'nope'],
      ['bob', '01938a00-0000-7000-8000-000000000009'],
      ['erin', id],
    ] as const) {
      const response = await call(who, 'GET', `/command/${path}/poll`);
      expect([response.statusCode, response.json().error]).toEqual([404, 'Not found']);
    }
  });
});

describe('a caller who waits too often', () => {
  it('is told so, and has a place again once a client goes away', async () => {
    const id = await ask();
    const held = [];
    while (held.length < 20) {
      const stream = await poll(id);
      if (stream.status === 429) break;
      held.push(stream);
    }
    const refused = await call('bob', 'GET', `/command/${id}/poll`);
    expect([refused.statusCode, refused.json().type]).toEqual([429, 'urn:curfew:problem:too-many-waiting']);
    held[0]?.leave();
    await vi.waitFor(async () => expect((await poll(id)).status).toBe(200));
    for (const stream of held) stream.leave();
  });
});

describe('what the published client sends, byte for byte', () => {
  const sendCommand = async (path: string, payload: string) =>
    (
      await fetch(`http://127.0.0.1:${port}/o/demo${path}`, {
        method: 'POST',
        headers: { authorization: 'Bearer bob', 'content-type': 'application/json' },
        body: payload,
      })
    ).json();

  it('is answered with the members that it reads', async () => {
    expect(await sendCommand('/command/', '{"argv":["ls","pg","role","--size","30"],"scriptName":"p0"}')).toMatchObject({
      ok: true,
      arg: expect.any(String),
      term: '',
      isTruncated: false,
      items: expect.any(Array),
    });
    expect(
      await sendCommand(
        '/command/',
        '{"argv":["grant","pg","role","readonly","--to","q@example.com","--requested-duration","2 hours","--reason","x"],"scriptName":"p0"}',
      ),
    ).toMatchObject({ ok: true, message: expect.any(String), id: expect.any(String), request: { status: 'NEW', requestedSeconds: 7200 } });
    expect(await sendCommand('/command/', '{"argv":["request","--help"],"scriptName":"p0"}')).toEqual({
      ok: true,
      message: expect.any(String),
    });
    expect(await sendCommand('/command/', '{"argv":["ls","--help"],"scriptName":"p0"}')).toMatchObject({ error: expect.any(String) });
  });
});

describe('the list of requests', () => {
  it('shows members their own and reviewers all, page by page, filtered', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift(await ask(`p${i}@example.com`));
    const mine = (await call('bob', 'GET', '/permission-requests?status=NEW&limit=2')).json();
    expect(mine.items.map((each: { id: string }) => each.id)).toEqual(ids.slice(0, 2));
    const rest = (await call('bob', 'GET', `/permission-requests?status=NEW&limit=2&cursor=${mine.nextCursor}`)).json();
    expect(rest.items[0].id).toBe(ids[2]);
    expect((await call('erin', 'GET', '/permission-requests')).json()).toEqual({ items: [], nextCursor: null });
    const all = (await call('carol', 'GET', '/permission-requests?principal=bob@example.com&service=pg&since=2020-01-01T00:00:00Z')).json();
    expect(all.items.length).toBeGreaterThanOrEqual(3);
    expect((await call('carol', 'GET', '/permission-requests?status=DENIED')).json().items).toHaveLength(2);
    expect((await call('carol', 'GET', '/permission-requests?requestor=dave@example.com')).json().items).toEqual([]);
    for (const query of ['status=OPEN', 'cursor=x', 'principal=nobody', 'since=yesterday', 'limit=0'])
      expect((await call('carol', 'GET', `/permission-requests?${query}`)).statusCode, query).toBe(400);
  });
});

const outcomeOf = async (id: string) => {
  const stream = await poll(id);
  await stream.next();
  return (await stream.next()).data;
};
const allow = (to: string) =>
  call('carol', 'POST', '/command/', {
    argv: ['allow', 'pg', 'role', 'readonly', '--to', `${to}@example.com`, '--length', '1 day', '--duration', '1h'],
    scriptName: 'p0',
  });
const flags = (data: Record<string, unknown>) => [data['isPreexisting'], data['isPersistent'], data['isPreapproved']];

describe('what the poll says beside the outcome', () => {
  const policy = (document: object) =>
    world.pool.query('insert into policies (org, name, document) values ($1, $2, $3)', ['demo', Reflect.get(document, 'name'), document]);
  const give = async (id: string) => {
    await call('carol', 'POST', `/permission-requests/${id}/approve`, { expirationLength: '1h' });
    await world.reconcile();
  };
  const giveBack = async (...ids: string[]) => {
    for (const id of ids) await call('bob', 'POST', `/permission-requests/${id}/relinquish`);
    await world.reconcile();
  };

  it('names the account once the access is there, in whatever target', async () => {
    const id = await ask();
    const read = async () => (await call('bob', 'GET', `/permission-requests/${id}`)).json().generated;
    expect(await read()).toEqual({});
    await call('carol', 'POST', `/permission-requests/${id}/approve`, { expirationLength: '1h' });
    expect(await read()).toEqual({});
    await world.reconcile();
    expect(await read()).toEqual({ account: 'bob' });
    expect((await outcomeOf(id)).request).toMatchObject({ status: 'DONE', generated: { account: 'bob' } });
    await giveBack(id);
    expect((await outcomeOf(id)).request).toMatchObject({ status: 'REVOKED', generated: {} });
  });

  it('waits for the new request where the access is there already, and then says that it was', async () => {
    const first = await ask();
    await give(first);
    expect(flags(await outcomeOf(first))).toEqual([false, false, false]);
    const second = await call('bob', 'POST', '/command/', {
      argv: ['request', 'pg', 'role', 'readonly', '--reason', 'more time'],
      scriptName: 'p0',
    });
    expect(second.json()).toMatchObject({ isPreexisting: true, request: { status: 'NEW' } });
    const waiting = await poll(second.json().id);
    expect(await waiting.next()).toEqual({ type: 'heartbeat' });
    await call('carol', 'POST', `/permission-requests/${second.json().id}/deny`);
    const { data } = await waiting.next();
    expect([data.request.status, ...flags(data)]).toEqual(['DENIED', true, false, false]);
    await giveBack(first);
    expect(flags(await outcomeOf(second.json().id))).toEqual([false, false, false]);
  });

  it('says that a pre-approval decided it, and that no approver did', async () => {
    const asked = await ask();
    await give(asked);
    await giveBack(asked);
    expect(flags(await outcomeOf(asked))).toEqual([false, false, false]);
    await allow('bob');
    const inside = await ask();
    await world.reconcile();
    expect(flags(await outcomeOf(inside))).toEqual([false, false, true]);
    await giveBack(inside);
    await world.pool.query('delete from pre_approvals');
  });

  it('says that the access is standing', async () => {
    await policy({ name: 'standing', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'persistent' }] });
    const id = await ask();
    await world.reconcile();
    expect(flags(await outcomeOf(id))).toEqual([false, true, false]);
    await world.pool.query('delete from policies');
    await giveBack(id);
  });
});
