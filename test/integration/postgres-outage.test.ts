import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { setBootstrapKey } from '../../src/store/configured.ts';
import { openDatabase, openLane } from '../../src/store/database.ts';
import { createStore } from '../../src/store/index.ts';
import { isOutage } from '../../src/store/outage.ts';
import { createLink, type Link, through } from '../chaos/link.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

// The API in front of a real database, behind a cable that is cut.

const key = 'cfw_outage-test-key-0123456789abcdef0123456789';
let stack: AsyncDisposableStack;
let world: World;
let link: Link;
let app: FastifyInstance;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  world = stack.use(await createWorld());
  const port = Number(new URL(world.database.url).port);
  link = stack.use(await createLink(() => port));
  const url = through(world.database.url, link);
  const { db, pool } = openDatabase(url, world.hands.log);
  stack.defer(() => db.destroy());
  const removals = openLane(url, world.hands.log, 'removals');
  stack.defer(() => removals.end());
  await setBootstrapKey(world.db, org, email('alice@example.com'), key);
  app = await createHttpApp({
    useCases: createUseCases({ ...world.deps, store: createStore({ db, pool, removals, gives: pool }) }),
    org,
    log: world.hands.log,
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    isOutage,
  });
  stack.defer(() => app.close());
});
afterEach(() => stack.disposeAsync());

const ask = () => app.inject({ url: '/o/demo/permission-requests', headers: { authorization: `Bearer ${key}` } });

it('answers 503 while the database is away, and as before once it is back', async () => {
  expect((await ask()).statusCode).toBe(200);
  link.cut('both');
  const answer = await ask();
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('5');
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json()).toMatchObject({ type: 'urn:curfew:problem:unavailable', error: expect.stringContaining('again') });
  expect(answer.body).not.toMatch(/ECONN|postgres|127\.0\.0\.1/i);
  link.mend();
  expect((await ask()).statusCode).toBe(200);
});

it('does not wait for ever for an answer that got lost', async () => {
  expect((await ask()).statusCode).toBe(200);
  link.cut('back');
  expect((await ask()).statusCode).toBe(503);
  link.mend();
  expect((await ask()).statusCode).toBe(200);
}, 60_000);

it.each([
  [Object.assign(new Error('the database system is starting up'), { code: '57P03' }), true],
  [Object.assign(new Error('sorry, too many clients already'), { code: '53300' }), true],
  [new Error('timeout exceeded when trying to connect', { cause: new Error('Connection terminated') }), true],
  [Object.assign(new Error('duplicate key'), { code: '23505' }), false],
  [Object.assign(new Error('deadlock detected'), { code: '40P01' }), false],
  [new TypeError('undefined is no function'), false],
  ['text', false],
])('tells an outage from a fault: %s', (error, expected) => {
  expect(isOutage(error)).toBe(expected);
});
