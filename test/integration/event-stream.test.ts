import { type IncomingMessage, request as send, type Server } from 'node:http';
import { createInterface } from 'node:readline';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import type { News, Wakes } from '../../src/app/waiting-room.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { listenOutbox } from '../../src/store/listen.ts';
import { listening, worldApp } from '../support/http-app.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
let server: Server;
let port: number;
let listener: AsyncDisposable;
let isDirectoryAway = false;
const away = () => Promise.reject(new Error('the directory is away'));
const awayDirectory = { name: 'local', isMember: away, profileProperty: away };
const revoked = new Set<string>();
const heard: (News | undefined)[] = [];
const open = new Set<IncomingMessage>();

beforeAll(async () => {
  world = await createWorld();
  const wakes = new Set<(news?: News) => void>();
  const subscribe: Wakes['subscribe'] = (wake) => {
    wakes.add(wake);
    return () => void wakes.delete(wake);
  };
  const hear = (news?: News) => {
    heard.push(news);
    for (const wake of wakes) wake(news);
  };
  listener = listenOutbox(world.database.url, hear, world.deps.routing.log);
  const { routing } = world.deps;
  const directories: typeof routing.directories = (name) => (isDirectoryAway ? awayDirectory : routing.directories(name));
  const useCases = createUseCases({ ...world.deps, routing: { ...routing, directories }, wakes: { subscribe } });
  app = await worldApp(world, useCases, async (_org, token) => (revoked.has(token) ? undefined : world.caller(token, 'api')));
  ({ server, port } = await listening(app));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await listener[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});
beforeEach(async () => void (await world.work.seal()));
afterEach(() => {
  revoked.clear();
  for (const response of open) response.destroy();
  open.clear();
});

const call = (who: string, method: 'GET' | 'POST', path: string, payload?: object) =>
  app.inject({ method, url: `/o/demo${path}`, headers: { authorization: `Bearer ${who}` }, ...(payload === undefined ? {} : { payload }) });

async function ask(who: string, resource = 'readonly'): Promise<string> {
  const argv = ['request', 'pg', 'role', resource, '--reason', 'x'];
  const answer = await call(who, 'POST', '/command/', { argv, scriptName: 'p0' });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json().id;
}

async function act(who: string, id: string, action: string, payload?: object): Promise<void> {
  const answer = await call(who, 'POST', `/permission-requests/${id}/${action}`, payload);
  expect(answer.statusCode, answer.body).toBe(200);
}

type Told = { id: string; event: string; data: Record<string, unknown> };

/** The blocks of a stream over a real socket, one by one; the fields of each by name. */
async function follow(who: string, { query = '', last }: { query?: string; last?: string | undefined } = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${who}`, ...(last === undefined ? {} : { 'last-event-id': last }) };
    send({ port, host: '127.0.0.1', path: `/o/demo/permission-requests/events${query}`, headers }, resolve)
      .on('error', reject)
      .end();
  });
  open.add(response);
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  const block = async (): Promise<Record<string, string> | undefined> => {
    const fields: Record<string, string> = {};
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) return undefined;
      if (value === '') return fields;
      const colon = value.indexOf(':');
      fields[value.slice(0, colon)] = value.slice(colon + 2);
    }
  };
  return {
    response,
    block,
    /** The next event; whatever else there is on the way is left out. */
    async next(): Promise<Told | undefined> {
      for (;;) {
        const fields = await block();
        if (fields === undefined) return undefined;
        const { id = '', event, data } = fields;
        if (event !== undefined && data !== undefined) return { id, event, data: JSON.parse(data) };
      }
    },
  };
}

/** As many events as are named, in this order. */
async function nextOf(stream: Awaited<ReturnType<typeof follow>>, count: number): Promise<Told[]> {
  const told: Told[] = [];
  for (let n = 0; n < count; n += 1) {
    const next = await stream.next();
    if (next === undefined) break;
    told.push(next);
  }
  return told;
}

const live = async (who: string, id: string): Promise<void> => {
  await act('carol', id, 'approve', { expirationLength: '1h' });
  await world.reconcile();
  await act(who, id, 'relinquish');
  await world.reconcile();
};

describe('the event stream', () => {
  it('begins with what is to come, and tells each step with its status', async () => {
    const before = await ask('bob', 'readwrite');
    await world.work.seal();
    const stream = await follow('bob');
    expect([stream.response.statusCode, stream.response.headers['content-type'], stream.response.headers['cache-control']]).toEqual([
      200,
      'text/event-stream',
      'no-store',
    ]);
    expect(await stream.block()).toEqual({ id: expect.stringMatching(/^\d+$/) });
    const id = await ask('bob');
    await world.work.seal();
    const [asked] = await nextOf(stream, 1);
    expect(asked).toMatchObject({
      event: 'request.submitted',
      data: {
        action: 'request.submitted',
        actor: { kind: 'person', email: 'bob@example.com', via: 'api' },
        requestId: id,
        grantId: null,
        status: 'NEW',
        data: { resource: 'readonly', outcome: 'ask', policies: ['Default approvals'], policyVersion: '0' },
      },
    });
    expect(asked?.data['id']).toBe(Number(asked?.id));
    await live('bob', id);
    await act('bob', before, 'cancel');
    await world.work.seal();
    const rest = await nextOf(stream, 5);
    expect(rest.map((each) => [each.event, each.data['status'], each.data['requestId']])).toEqual([
      ['request.approved', 'APPROVED', id],
      ['grant.activated', 'DONE', id],
      ['grant.relinquished', 'DONE', id],
      ['grant.ended', 'REVOKED', id],
      ['request.cancelled', 'DENIED', before],
    ]);
    expect(rest[1]?.data['grantId']).toEqual(expect.any(String));
    expect(rest[3]?.data['data']).toMatchObject({ end: 'relinquished', sessionsEnded: 1, latenessMs: expect.any(Number) });
  });

  it("keeps a target's own words to itself", async () => {
    const stream = await follow('bob');
    const id = await ask('bob');
    await act('carol', id, 'approve', { expirationLength: '1h' });
    world.target.faults.push({ kind: 'refused', permanent: true });
    await world.reconcile();
    await world.work.seal();
    const [, , failed] = await nextOf(stream, 3);
    expect(failed).toMatchObject({ event: 'grant.failed', data: { status: 'ERRORED', data: {} } });
    expect(JSON.stringify(failed)).not.toContain('the target said no');
  });

  it('goes on after the last event that was seen: none is lost, none comes twice', async () => {
    const first = await follow('carol');
    const start = (await first.block())?.['id'] ?? '';
    await live('bob', await ask('bob'));
    // What nobody is told about lies in between, more than is read at once.
    for (let n = 0; n < 250; n += 1)
      await world.store.recordRefusal({ kind: 'system' }, org, { attempt: 'x', code: 'not-found', request: undefined });
    await act('bob', await ask('bob'), 'cancel');
    await world.work.seal();
    const all = await nextOf(first, 7);
    expect(all.map((each) => each.event)).toEqual([
      'request.submitted',
      'request.approved',
      'grant.activated',
      'grant.relinquished',
      'grant.ended',
      'request.submitted',
      'request.cancelled',
    ]);
    for (const seen of [0, 3, 6]) {
      const again = await follow('carol', { last: all[seen]?.id, query: '?after=0' });
      expect(await nextOf(again, 6 - seen)).toEqual(all.slice(seen + 1));
    }
    expect(await nextOf(await follow('carol', { query: `?after=${start}` }), 7)).toEqual(all);
    const whole = await follow('carol', { query: '?after=0' });
    expect(Number((await whole.next())?.id)).toBeLessThan(Number(start));
    // Those who stand at different places are all told of what comes next.
    const late = await follow('carol', { last: all[6]?.id });
    const id = await ask('bob', 'readwrite');
    await world.work.seal();
    for (const stream of [first, late]) expect((await stream.next())?.data['requestId']).toBe(id);
    await act('bob', id, 'cancel');
  });

  it('shows a member nothing of others, and an approver what they may decide', async () => {
    const alice = await world.caller('alice');
    const [erin, dave, bob] = [await follow('erin'), await follow('dave'), await follow('bob')];
    await act('bob', await ask('bob'), 'cancel');
    const policy: Policy = {
      name: 'platform',
      requestor: { type: 'any' },
      resource: { type: 'any' },
      approval: [{ type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' }],
    };
    await world.work.seal();
    expect((await nextOf(bob, 2)).map((each) => each.event)).toEqual(['request.submitted', 'request.cancelled']);
    expect(await world.useCases.policies.create(alice, 'platform', policy)).toMatchObject({ ok: true });
    const ofBob = await ask('bob');
    const ofErin = await ask('erin');
    await world.work.seal();
    expect((await erin.next())?.data['requestId']).toBe(ofErin);
    expect((await nextOf(dave, 2)).map((each) => each.data['requestId'])).toEqual([ofBob, ofErin]);
    expect(await world.useCases.policies.remove(alice, 'platform', 'any')).toMatchObject({ ok: true });
    await act('bob', ofBob, 'cancel');
    await act('erin', ofErin, 'cancel');
    await world.work.seal();
    expect((await erin.next())?.data).toMatchObject({ requestId: ofErin, action: 'request.cancelled' });
    const own = await ask('dave');
    await world.work.seal();
    expect((await dave.next())?.data['requestId'], 'no longer an approver').toBe(own);
    await act('dave', own, 'cancel');
  });

  it('refuses a position that is none', async () => {
    for (const bad of ['-1', 'x', '1.5', '01', ' ', '1e3', '9'.repeat(16), '999999999']) {
      const byHeader = await call('bob', 'GET', `/permission-requests/events?after=${encodeURIComponent(bad)}`);
      expect([byHeader.statusCode, byHeader.json().error], bad).toEqual([400, expect.any(String)]);
      const answer = await app.inject({
        url: '/o/demo/permission-requests/events',
        headers: { authorization: 'Bearer bob', 'last-event-id': bad },
      });
      expect(answer.statusCode, bad).toBe(400);
    }
  });
});

it('ends rather than leave out what cannot be told, and whoever comes back misses nothing', async () => {
  const group = { directory: 'local', id: 'platform', label: 'Platform team' };
  await world.store.transaction(async (tx) => {
    const policy: Policy = {
      name: 'by the platform team',
      requestor: { type: 'any' },
      resource: { type: 'any' },
      approval: [{ type: 'group', effect: 'keep', groups: [group] }],
    };
    await tx.policyBook.lock(org);
    await tx.policyBook.change({ kind: 'system' }, org, [{ name: policy.name, policy }], false);
  });
  const stream = await follow('dave');
  const position = (await stream.block())?.['id'];
  const id = await ask('hugo');
  isDirectoryAway = true;
  await world.work.seal();
  expect(await stream.next()).toBeUndefined();
  isDirectoryAway = false;
  const again = await follow('dave', { last: position });
  expect(await again.next()).toMatchObject({ event: 'request.submitted', data: { requestId: id } });
  await world.store.transaction((tx) =>
    tx.policyBook.change({ kind: 'system' }, org, [{ name: 'by the platform team', policy: undefined }], false),
  );
});

it('hears of every seal, and of none where nothing waited to be sealed', async () => {
  await vi.waitFor(() => expect(heard).toContain(undefined));
  await ask('jo');
  await vi.waitFor(() => expect(heard.at(-1)).toBe('outbox'));
  heard.length = 0;
  for (let n = 0; n < 2; n += 1) {
    expect(await world.work.seal()).toBe(1 - n);
    expect(await world.work.seal()).toBe(0);
  }
  await world.store.recordRefusal({ kind: 'system' }, org, { attempt: 'x', code: 'not-found', request: undefined });
  expect(await world.work.seal()).toBe(1);
  await vi.waitFor(() => expect(heard).toEqual(['sealed', 'sealed']));
});

describe('a stream ends', () => {
  it('when the key is taken away, before anything more is told', async () => {
    const stream = await follow('bob');
    revoked.add('bob');
    await ask('hal');
    await world.work.seal();
    expect(await stream.next()).toBeUndefined();
  });

  it('when the key has expired, also where nothing happens; until then it says that it is there', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const stream = await follow('bob');
      await stream.block();
      vi.advanceTimersByTime(15_000);
      expect(await stream.block()).toEqual({ '': 'still here' });
      revoked.add('bob');
      vi.advanceTimersByTime(15_000);
      expect(await stream.block()).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('for nobody when another person leaves, and whoever follows too often must wait', async () => {
    const held = [];
    for (let n = 0; n < 10; n += 1) held.push(await follow('ivy'));
    const refused = await call('ivy', 'GET', '/permission-requests/events');
    expect([refused.statusCode, refused.json().type]).toEqual([429, 'urn:curfew:problem:too-many-waiting']);
    held[0]?.response.destroy();
    await vi.waitFor(async () => expect((await follow('ivy')).response.statusCode).toBe(200));
    const id = await ask('ivy');
    await world.work.seal();
    expect((await held[1]?.next())?.data['requestId']).toBe(id);
  });

  it('in order when the server stops', async () => {
    const stream = await follow('bob');
    await stream.block();
    await app.close();
    expect(await stream.next()).toBeUndefined();
    expect(stream.response.complete).toBe(true);
  });
});
