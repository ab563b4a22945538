import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { worldApp } from '../support/http-app.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
beforeAll(async () => {
  world = await createWorld();
  app = await worldApp(world, world.useCases);
  await world.pool.query(`insert into role_bindings (org, role, canonical, source) values ('demo', 'viewer', 'vera@example.com', 'api')`);
});
afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

const call = (who: string, method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) =>
  app.inject({ method, url: `/o/demo${path}`, headers: { authorization: `Bearer ${who}` }, ...(payload === undefined ? {} : { payload }) });
const form = { principal: 'bob@example.com', service: 'pg', accessType: 'role', resource: 'readonly', length: '5 days' };
const create = async (more: object = {}, who = 'carol') => call(who, 'POST', '/pre-approvals', { ...form, ...more });
const unknownId = '01938a00-0000-7000-8000-000000000009';

describe('the command', () => {
  it('answers as the published client wants it', async () => {
    const argv = ['allow', 'pg', 'role', 'readonly', '--to', 'bob@example.com', '--length', '5 days'];
    const response = await call('carol', 'POST', '/command', { argv, scriptName: 'p0' });
    expect(response.statusCode).toBe(200);
    expect(Object.keys(response.json())).toEqual(['ok', 'message']);
    expect(response.json()).toEqual({
      ok: true,
      message: expect.stringMatching(
        /^Pre-approved bob@example\.com for role readonly on sample\.\nRequests made from \d{4}-\d\d-\d\d \d\d:\d\d UTC to .* UTC, for up to 5 minutes each, need no approver\.\nIts id: [0-9a-f-]{36}$/,
      ),
    });
    const asked = await call('bob', 'POST', '/command', { argv: ['request', 'pg', 'role', 'readonly'], scriptName: 'p0' });
    expect(asked.json()).toMatchObject({
      ok: true,
      isPreapproved: true,
      request: { status: 'APPROVED', decision: { by: 'carol@example.com' } },
    });
    const refused = await call('dave', 'POST', '/command', { argv, scriptName: 'p0' });
    expect([refused.statusCode, refused.json().error]).toEqual([403, expect.stringContaining('cannot pre-approve')]);
  });
});

describe('/pre-approvals', () => {
  it('opens one for recurring hours, and shows them as they are always written', async () => {
    const opened = await create({ window: 'mon-FRI 9:00-17:00 europe/paris' });
    expect([opened.statusCode, opened.json().window]).toEqual([201, 'Mon-Fri 09:00-17:00 Europe/Paris']);
    const read = await call('carol', 'GET', `/pre-approvals/${opened.json().id}`);
    expect(read.json()).toEqual(opened.json());
    const refused = await create({ window: 'Mon-Fri 09:00-17:00 Mars/Olympus' });
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error).toContain('no time zone');
    expect((await create({ window: 'x'.repeat(121) })).statusCode).toBe(400);
  });

  it('opens, shows and ends one', async () => {
    const opened = await create({ duration: '1h', reason: 'release', integration: 'sample' });
    expect(opened.statusCode).toBe(201);
    const body = opened.json();
    expect(body).toEqual({
      id: expect.any(String),
      principal: 'bob@example.com',
      createdBy: 'carol@example.com',
      permission: { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' },
      opensAt: expect.any(String),
      closesAt: expect.any(String),
      seconds: 3600,
      reason: 'release',
      createdAt: expect.any(String),
    });
    expect(Date.parse(body.closesAt) - Date.parse(body.opensAt)).toBe(5 * 86_400_000);
    for (const who of ['carol', 'bob', 'alice', 'vera']) expect((await call(who, 'GET', `/pre-approvals/${body.id}`)).json()).toEqual(body);
    expect((await call('vera', 'DELETE', `/pre-approvals/${body.id}`)).statusCode).toBe(403);
    for (const method of ['GET', 'DELETE'] as const) expect((await call('dave', method, `/pre-approvals/${body.id}`)).statusCode).toBe(404);
    for (const who of ['bob', 'carol', 'alice']) {
      const ended = await call(who, 'DELETE', `/pre-approvals/${body.id}`);
      expect([ended.statusCode, ended.body]).toEqual([204, '']);
    }
    expect((await call('bob', 'GET', `/pre-approvals/${body.id}`)).json().ended).toEqual({ at: expect.any(String), by: 'bob@example.com' });
  });

  it('lists by pages, to everybody what is theirs', async () => {
    const forDave = (await create({ principal: 'dave@example.com' })).json();
    const forBob = (await create()).json();
    const ids = async (who: string, query = '') => (await call(who, 'GET', `/pre-approvals${query}`)).json();
    expect((await ids('dave')).items.map((item: { id: string }) => item.id)).toEqual([forDave.id]);
    expect((await ids('frank')).items).toEqual([]);
    const first = await ids('vera', '?limit=1');
    expect(first.items).toEqual([forBob]);
    const second = await ids('vera', `?limit=1&cursor=${first.nextCursor}`);
    expect(second.items).toEqual([forDave]);
    let [page, seen] = [second, 2];
    while (page.nextCursor !== null) {
      page = await ids('vera', `?limit=1&cursor=${page.nextCursor}`);
      seen += page.items.length;
    }
    expect(seen).toBe((await world.pool.query('select from pre_approvals')).rowCount);
  });

  it.each([
    [{ length: 'ages' }, 400],
    [{ length: undefined }, 400],
    [{ duration: '1 hours' }, 400],
    [{ duration: '200d' }, 400],
    [{ opensAt: 'tomorrow' }, 400],
    [{ opensAt: '2020-01-01T00:00Z' }, 400],
    [{ principal: 'nobody' }, 400],
    [{ principal: 'carol@example.com' }, 403],
    [{ service: 'ssh' }, 400],
    [{ accessType: 'toString' }, 400],
    [{ resource: 'super' }, 400],
    [{ resource: 'a\0b' }, 400],
    [{ integration: 'other' }, 400],
    [{ reason: 'x'.repeat(1001) }, 400],
  ])('refuses %j', async (more, status) => {
    const before = (await world.pool.query('select from pre_approvals')).rowCount;
    const response = await create(more);
    expect([response.statusCode, typeof response.json().error]).toEqual([status, 'string']);
    expect((await world.pool.query('select from pre_approvals')).rowCount).toBe(before);
  });

  it.each(['x', unknownId, 'a%00b'])('does not find %s', async (id) => {
    for (const path of ['pre-approvals', 'standing-access'])
      for (const method of ['GET', 'DELETE'] as const) expect((await call('alice', method, `/${path}/${id}`)).statusCode).toBe(404);
  });

  it.each(['cursor=x', 'cursor=%00', 'limit=0', 'limit=101', 'limit=x'])('refuses a listing with %s', async (query) => {
    for (const path of ['pre-approvals', 'standing-access']) expect((await call('alice', 'GET', `/${path}?${query}`)).statusCode).toBe(400);
  });
});

it('names a wrong time as the form does', async () => {
  expect((await create({ opensAt: 'tomorrow' })).json().error).toMatch(/^opensAt: /);
});

describe('/standing-access', () => {
  it('lists what a policy gave, until it was ended', async () => {
    const document = { name: 'standing', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'persistent' }] };
    await world.pool.query(`insert into policies (org, name, document) values ('demo', 'standing', $1)`, [document]);
    const request = async (who: string) =>
      (await call(who, 'POST', '/command', { argv: ['request', 'pg', 'role', 'readwrite'], scriptName: 'p0' })).json();
    const [bobs, daves] = [await request('bob'), await request('dave')];
    expect(bobs.isPersistent).toBe(true);
    const list = async (who: string, query = '') => (await call(who, 'GET', `/standing-access${query}`)).json();
    expect((await list('bob')).items).toMatchObject([{ id: bobs.id, state: 'planned', seconds: 86_400, principal: 'bob@example.com' }]);
    await world.reconcile();
    expect((await list('vera')).items.map((item: { id: string }) => item.id)).toEqual([daves.id, bobs.id]);
    const first = await list('vera', '?limit=1');
    expect((await list('vera', `?limit=1&cursor=${first.nextCursor}`)).items).toMatchObject([
      { id: bobs.id, state: 'active', grantedAt: expect.any(String), expiresAt: expect.any(String) },
    ]);
    expect((await call('bob', 'GET', `/standing-access/${daves.id}`)).statusCode).toBe(404);
    expect((await call('bob', 'DELETE', `/standing-access/${daves.id}`)).statusCode).toBe(404);
    expect((await call('vera', 'DELETE', `/standing-access/${daves.id}`)).statusCode).toBe(403);

    for (const [who, id] of [
      ['bob', bobs.id],
      ['carol', daves.id],
    ] as const) {
      expect((await call(who, 'DELETE', `/standing-access/${id}`)).statusCode).toBe(204);
      expect((await call(who, 'GET', `/standing-access/${id}`)).json()).toMatchObject({ state: 'ending' });
    }
    await world.reconcile();
    expect((await list('vera')).items).toEqual([]);
    expect((await call('bob', 'GET', `/standing-access/${bobs.id}`)).statusCode).toBe(404);
    expect((await call('bob', 'DELETE', `/standing-access/${bobs.id}`)).statusCode).toBe(204);
    const ends = (await world.audit()).map((event) => event.action).filter((action) => action.startsWith('grant.re'));
    expect(ends).toEqual(['grant.relinquished', 'grant.revoked']);
  });
});
