import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { worldApp } from '../support/http-app.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
beforeAll(async () => {
  world = await createWorld();
  app = await worldApp(world, world.useCases);
});
beforeEach(() => world.pool.query(`update panics set lifted_at = clock_timestamp(), lifted_by = started_by where lifted_at is null`));
afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

const call = (who: string, method: 'GET' | 'POST', path: string, payload?: object, headers: Record<string, string> = {}) =>
  app.inject({
    method,
    url: `/o/demo${path}`,
    headers: { authorization: `Bearer ${who}`, ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
const run = (who: string, ...argv: string[]) => call(who, 'POST', '/command', { argv, scriptName: 'p0' });
const ofBob = { kind: 'person', person: 'bob@example.com' };
const unknownId = '01938a00-0000-7000-8000-000000000009';

describe('/panics', () => {
  it('previews, starts, follows and lifts', async () => {
    const { id } = (await run('bob', 'request', 'pg', 'role', 'readonly', '--reason', 'work')).json().request ?? {};
    expect((await run('carol', 'approve', id)).statusCode).toBe(200);
    await world.reconcile();
    const preview = await call('carol', 'POST', '/panics/_preview', ofBob);
    expect([preview.statusCode, preview.json()]).toEqual([
      200,
      {
        grants: { planned: 0, active: 1, ending: 0 },
        people: 1,
        rights: 1,
        pendingRequests: 0,
        preApprovals: 0,
        items: [
          {
            requestId: id,
            principal: 'bob@example.com',
            permission: { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' },
            state: 'active',
          },
        ],
      },
    ]);
    const started = await call('carol', 'POST', '/panics', { selection: ofBob, reason: 'laptop stolen' });
    expect([started.statusCode, started.json()]).toEqual([
      201,
      {
        id: expect.any(String),
        selection: ofBob,
        reason: 'laptop stolen',
        startedBy: 'carol@example.com',
        startedAt: expect.any(String),
        state: 'running',
        hold: true,
        lifted: null,
        doneAt: null,
        grants: { total: 1, gone: 0, left: 1, failing: 0 },
        requestsDenied: 0,
        preApprovalsClosed: 0,
        failures: [],
      },
    ]);
    const again = await run('bob', 'request', 'pg', 'role', 'readonly');
    expect([again.statusCode, again.json().error]).toEqual([403, expect.stringContaining('on hold')]);
    await world.reconcile();
    await world.work.panic();
    const path = `/panics/${started.json().id}`;
    expect((await call('carol', 'GET', path)).json()).toMatchObject({ state: 'done', grants: { total: 1, gone: 1, left: 0 }, hold: true });
    const lifted = await call('alice', 'POST', `${path}/lift`);
    expect([lifted.statusCode, lifted.json()]).toEqual([
      200,
      expect.objectContaining({ hold: false, lifted: { at: expect.any(String), by: 'alice@example.com' } }),
    ]);
    expect((await run('bob', 'request', 'pg', 'role', 'readonly')).statusCode).toBe(200);
    expect((await call('carol', 'GET', '/panics?limit=1')).json()).toMatchObject({ items: [{ id: started.json().id }], nextCursor: null });
  });

  it('starts once for one Idempotency-Key, whatever was lifted meanwhile', async () => {
    const start = () => call('carol', 'POST', '/panics', { selection: ofBob, reason: 'again' }, { 'idempotency-key': 'panic-1' });
    const first = await start();
    await call('alice', 'POST', `/panics/${first.json().id}/lift`);
    expect((await start()).json()).toEqual(first.json());
    expect((await call('carol', 'GET', '/panics')).json().items.filter((each: { hold: boolean }) => each.hold)).toEqual([]);
  });

  it.each([
    [{ selection: { kind: 'everybody' }, reason: 'x' }, 400],
    [{ selection: { kind: 'person', person: 'not an address' }, reason: 'x' }, 400],
    [{ selection: { kind: 'right', integration: 'sample' }, reason: 'x' }, 400],
    [{ selection: { kind: 'target', integration: 'sampel' }, reason: 'x' }, 400],
    [{ selection: { kind: 'everything' } }, 400],
    [{ selection: { kind: 'everything' }, reason: ' \u202e ' }, 400],
    [{ selection: { kind: 'everything' }, reason: 'x'.repeat(1001) }, 400],
  ])('refuses %j', async (body, status) => {
    const answer = await call('carol', 'POST', '/panics', body);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, 'application/problem+json; charset=utf-8']);
    expect((await world.pool.query('select from panics where lifted_at is null')).rowCount).toBe(0);
  });

  it('knows nothing of another id, nor of another organisation', async () => {
    for (const id of [unknownId, 'x']) {
      expect((await call('carol', 'GET', `/panics/${id}`)).statusCode).toBe(404);
      expect((await call('carol', 'POST', `/panics/${id}/lift`)).statusCode).toBe(404);
    }
    await world.pool.query(`insert into people (org, id, email, canonical) values ('elsewhere', $1, 'x@example.com', 'x@example.com')`, [
      unknownId,
    ]);
    await world.pool.query(
      `insert into panics (org, id, kind, reason, hold, expected, actor, started_by, started_at)
       values ('elsewhere', $1, 'everything', 'theirs', true, 0, '{"kind":"system"}', $1, now())`,
      [unknownId],
    );
    expect((await call('carol', 'GET', `/panics/${unknownId}`)).statusCode).toBe(404);
    expect((await call('carol', 'POST', `/panics/${unknownId}/lift`)).statusCode).toBe(404);
    // Nor is anybody here on hold by it.
    expect((await run('erin', 'request', 'pg', 'role', 'readonly')).statusCode).toBe(200);
    await world.pool.query(`delete from panics where org = 'elsewhere'`);
  });
});
