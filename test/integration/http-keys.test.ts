import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOrg } from '../../src/domain/ids.ts';
import { scopes } from '../../src/domain/scope.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { setBootstrapKey } from '../../src/store/configured.ts';
import { must } from '../support/http-app.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const bootstrap = 'the bootstrap key of these tests, which is long';
let world: World;
let app: FastifyInstance;

const createApp = (limits: { orgRateLimit?: number } = {}) =>
  createHttpApp({
    useCases: world.useCases,
    org,
    log: { info: () => undefined, error: (fields) => expect.unreachable(JSON.stringify(fields, (_, value) => value?.stack ?? value)) },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 10_000,
    ...limits,
  });

beforeAll(async () => {
  world = await createWorld();
  await setBootstrapKey(world.db, org, email('alice@example.com'), bootstrap);
  app = await createApp();
});
afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

type Method = 'GET' | 'POST' | 'DELETE';
async function call(method: Method, path: string, body?: unknown, token = bootstrap) {
  const response = await app.inject({
    method,
    url: `/o/demo${path}`,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: response.statusCode, body: response.body === '' ? undefined : response.json(), headers: response.headers };
}
const draft = { name: 'terraform', owner: 'alice@example.com', scopes: ['keys', 'policies'] };
async function makeKey(changes: object = {}): Promise<{ id: string; key: string }> {
  const made = await call('POST', '/api-keys', { ...draft, ...changes });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body;
}
const account = async (token: string) => (await call('GET', '/account', undefined, token)).status;

describe('an API key', () => {
  it('is made, shown once, used and taken away', async () => {
    const made = await call('POST', '/api-keys', { ...draft, owner: 'Erin@Example.com', expiresIn: '1d' });
    expect(made).toMatchObject({ status: 201, body: { name: 'terraform', owner: 'erin@example.com', scopes: ['keys', 'policies'] } });
    const { id, key, expiresAt } = made.body;
    expect(key).toMatch(/^cfw_[A-Za-z0-9_-]{49}$/);
    expect(await call('GET', '/account', undefined, key)).toMatchObject({
      status: 200,
      body: { org: 'demo', email: 'erin@example.com', scopes: ['keys', 'policies'], roles: [] },
    });

    const listed = await call('GET', '/api-keys');
    expect(JSON.stringify(listed.body)).not.toContain(key);
    const item = listed.body.items.find((each: { id: string }) => each.id === id);
    expect(item).toEqual({
      id,
      name: 'terraform',
      owner: 'erin@example.com',
      scopes: ['keys', 'policies'],
      createdAt: expect.any(String),
      createdBy: 'alice@example.com',
      expiresAt,
      expired: false,
      lastUsedAt: expect.any(String),
    });
    expect(Date.parse(expiresAt) - Date.parse(item.createdAt)).toBe(86_400_000);

    expect(await call('DELETE', `/api-keys/${id}`)).toMatchObject({ status: 204, body: undefined });
    expect(await account(key)).toBe(401);
    expect((await call('DELETE', `/api-keys/${id}`)).status).toBe(404);
    expect((await call('GET', '/api-keys')).body.items.map((each: { id: string }) => each.id)).not.toContain(id);

    const events = (await world.audit()).filter((event) => event.data['key'] === id);
    expect(events.map((event) => event.action)).toEqual(['key.created', 'key.revoked']);
    expect(events[0]?.data).toMatchObject({ name: 'terraform', owner: 'erin@example.com', scopes: ['keys', 'policies'] });
    const secret = key.slice(4, 20);
    expect(JSON.stringify(await world.audit())).not.toContain(secret);
    expect((await world.pool.query(`select from api_keys where row_to_json(api_keys)::text like $1`, [`%${secret}%`])).rowCount).toBe(0);
  });

  it('lives 90 days, ends by the database’s clock and is listed as expired', async () => {
    const { id, key } = await makeKey();
    const life = await world.pool.query("select expires_at - created_at = interval '90 days' as right from api_keys where id = $1", [id]);
    expect(life.rows).toEqual([{ right: true }]);
    await world.pool.query('update api_keys set expires_at = clock_timestamp() where id = $1', [id]);
    expect(await account(key)).toBe(401);
    const { items } = (await call('GET', '/api-keys')).body;
    expect(items).toContainEqual(expect.objectContaining({ id, expired: true, lastUsedAt: null }));
  });

  it('has its use written down once a minute, and never waits to do so', async () => {
    const { id, key } = await makeKey();
    const used = async () =>
      (await world.pool.query<{ at: Date | null }>('select last_used_at as at from api_keys where id = $1', [id])).rows[0]?.at;
    expect(await account(key)).toBe(200);
    const first = (await used())?.getTime() ?? 0;
    expect(first).toBeGreaterThan(0);
    expect(await account(key)).toBe(200);
    expect((await used())?.getTime()).toBe(first);
    await world.pool.query("update api_keys set last_used_at = last_used_at - interval '61 seconds' where id = $1", [id]);
    const holder = await world.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from api_keys where id = $1 for update', [id]);
      expect(await account(key)).toBe(200);
      await holder.query('rollback');
    } finally {
      holder.release();
    }
    expect(await account(key)).toBe(200);
    expect((await used())?.getTime()).toBeGreaterThanOrEqual(first);
  });

  it('made through another cannot do more than that one', async () => {
    const { key } = await makeKey();
    const wider = await call('POST', '/api-keys', { ...draft, scopes: ['policies', 'settings'] }, key);
    expect(wider).toMatchObject({ status: 403, body: { type: 'urn:curfew:problem:scope-required' } });
    expect(await call('POST', '/api-keys', { ...draft, scopes: ['policies'] }, key)).toMatchObject({ status: 201 });
    const refused = (await world.audit()).filter((event) => event.action === 'refused').map((event) => event.data);
    expect(refused).toContainEqual({ attempt: 'key.create', code: 'scope-required' });
  });

  it('is for owners, and for tokens with the scope', async () => {
    const bobs = await makeKey({ owner: 'bob@example.com' });
    const other = await makeKey({ scopes: ['settings'] });
    for (const [token, type] of [
      [bobs.key, 'role-required'],
      [other.key, 'scope-required'],
    ] as const) {
      for (const [method, path, body] of [
        ['GET', '/api-keys', undefined],
        ['POST', '/api-keys', { ...draft, scopes: ['keys'] }],
        ['DELETE', `/api-keys/${other.id}`, undefined],
      ] as const)
        expect(await call(method, path, body, token)).toMatchObject({
          status: 403,
          body: { type: `urn:curfew:problem:${type}` },
        });
    }
    expect(await account(other.key)).toBe(200);
  });

  it('is of one organisation', async () => {
    const { id, key } = await makeKey();
    const elsewhere = must(parseOrg('elsewhere'));
    expect(await world.store.authenticate(elsewhere, key)).toBeUndefined();
    const alice = await world.caller('alice');
    expect(await world.store.keys.list(elsewhere)).toEqual([]);
    const revoked = await world.store.transaction((tx) => tx.keys.revoke({ kind: 'system' }, elsewhere, id));
    expect([revoked, await account(key), alice.org]).toEqual([false, 200, 'demo']);
  });
});

it.each([
  ['no name', { name: ' ' }, 'invalid-value'],
  ['a long name', { name: 'x'.repeat(101) }, 'invalid-body'],
  ['NUL in the name', { name: 'a\0b' }, 'invalid-body'],
  ['no address', { owner: 'bob' }, 'invalid-principal'],
  ['no scope', { scopes: [] }, 'invalid-body'],
  ['an unknown scope', { scopes: ['everything'] }, 'invalid-body'],
  ['no duration', { expiresIn: 'soon' }, 'invalid-duration'],
  ['too long a duration', { expiresIn: '366d' }, 'over-maximum'],
])('refuses %s', async (_, changes, code) => {
  expect(await call('POST', '/api-keys', { ...draft, ...changes })).toMatchObject({
    status: 400,
    body: { type: `urn:curfew:problem:${code}`, error: expect.any(String) },
  });
});

it('knows no key by an id that is none', async () => {
  for (const id of ['x', '01938A00-0000-7000-8000-000000000001', '01938a00-0000-7000-8000-000000000001', "'", '%00'])
    expect((await call('DELETE', `/api-keys/${id}`)).status, id).toBe(404);
});

it('is no second person for who made it, whomever it belongs to', async () => {
  const { key } = await makeKey({ owner: 'carol@example.com', scopes: ['requests:decide'] });
  const alice = await world.caller('alice', 'api');
  const asked = await world.useCases.submitRequest(alice, {
    right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
    reason: 'for myself',
    duration: undefined,
    to: undefined,
  });
  const id = asked.ok ? asked.value.request.id : '';
  const answer = await call('POST', `/permission-requests/${id}/approve`, { expirationLength: '5m' }, key);
  expect([answer.status, answer.body.type]).toEqual([403, 'urn:curfew:problem:own-request']);
});

describe('the bootstrap key', () => {
  it('has every scope and never ends', async () => {
    const { items } = (await call('GET', '/api-keys')).body;
    expect(items).toContainEqual(expect.objectContaining({ name: 'bootstrap', scopes: [...scopes], expiresAt: null, createdBy: null }));
  });

  it('stays revoked when the process starts again, and keeps its place when it was not', async () => {
    const other = 'another bootstrap key, of another organisation';
    const acme = must(parseOrg('acme'));
    const start = () => setBootstrapKey(world.db, acme, email('alice@example.com'), other);
    await start();
    const [first] = await world.store.keys.list(acme);
    await start();
    expect((await world.store.keys.list(acme)).map((key) => key.id)).toEqual([first?.id]);
    expect(await world.store.transaction((tx) => tx.keys.revoke({ kind: 'system' }, acme, first?.id ?? ''))).toBe(true);
    await start();
    expect(await world.store.authenticate(acme, other)).toBeUndefined();
  });
});

it('makes a hundred keys and no more, however many are asked for at once', async () => {
  const before = (await world.store.keys.list(org)).length;
  const statuses = await Promise.all(Array.from({ length: 103 - before }, async () => (await call('POST', '/api-keys', draft)).status));
  expect(statuses.filter((status) => status === 201)).toHaveLength(100 - before);
  expect(await call('POST', '/api-keys', draft)).toMatchObject({ status: 400, body: { type: 'urn:curfew:problem:too-many' } });
  expect(await world.store.keys.list(org)).toHaveLength(100);
});

it('counts the calls of an organisation, but not those without a valid key', async () => {
  const limited = await createApp({ orgRateLimit: 2 });
  const get = (token: string) => limited.inject({ url: '/o/demo/account', headers: { authorization: `Bearer ${token}` } });
  for (let i = 0; i < 5; i++) expect((await get(`unknown ${i}`)).statusCode).toBe(401);
  expect([(await get(bootstrap)).statusCode, (await get(bootstrap)).statusCode]).toEqual([200, 200]);
  const refused = await get(bootstrap);
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ type: 'urn:curfew:problem:rate-limited', error: expect.any(String) });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  await limited.close();
});
