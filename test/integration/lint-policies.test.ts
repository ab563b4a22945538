import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { strictHttpApp } from '../support/strict-http-app.ts';
import type { Caller } from '../../src/app/ports.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
const callers = new Map<string, Caller>();

beforeAll(async () => {
  world = await createWorld();
  for (const name of ['alice', 'bob', 'carol']) callers.set(name, await world.caller(name, 'api'));
  app = await strictHttpApp({ ...world.useCases, authenticate: async (_org, token) => callers.get(token) });
});
afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, token = 'alice') {
  const response = await app.inject({
    method,
    url: `/o/demo${path}`,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: response.statusCode, etag: response.headers.etag, body: response.body === '' ? undefined : response.json() };
}
const policy = (name: string, changes: object = {}) => ({
  name,
  requestor: { type: 'any' },
  resource: { type: 'integration', service: 'pg' },
  approval: [{ type: 'p0' }],
  ...changes,
});
const filtered = (pattern: string, key = 'name') => ({
  resource: { type: 'integration', service: 'pg', filters: { role: { effect: 'keep', key, pattern } } },
});

it('speaks of what is stored, with its version, and keeps nothing from being saved', async () => {
  expect((await call('GET', '/policy/lint')).body).toEqual({ findings: [], complete: true });
  for (const each of [policy('covered'), policy('denies', { approval: [{ type: 'deny' }] })])
    expect((await call('POST', `/policy/name/${each.name}`, each)).status).toBe(201);
  const { status, etag, body } = await call('GET', '/policy/lint');
  expect([status, etag]).toEqual([200, '"2"']);
  expect(body).toEqual({
    findings: [
      {
        code: 'unreachable',
        severity: 'warning',
        policy: 'covered',
        path: '/rules/0',
        text: 'It is never used: "denies" denies all that it matches.',
      },
    ],
    complete: true,
  });
});

it('knows who reviews, which directories, on-call services and integrations there are', async () => {
  const group = (directory: string) => ({ type: 'group', effect: 'keep', groups: [{ directory, id: 'platform', label: 'x' }] });
  const rules = [
    policy('local', { approval: [group('local')], requestor: group('local') }),
    policy('okta', { approval: [group('okta'), { type: 'auto', integration: 'pagerduty' }], ...filtered('x') }),
    policy('aws', { resource: { type: 'integration', service: 'aws' } }),
  ];
  const { body } = await call('POST', '/policy/lint', { rules });
  expect(body.findings.map(({ code, policy: name, path }: Record<string, string>) => [code, name, path])).toEqual([
    ['no-approver', 'okta', '/rules/1/approval/0/groups'],
    ['unknown-on-call', 'okta', '/rules/1/approval/1/integration'],
    ['nobody-can-approve', 'okta', '/rules/1/approval'],
    ['unknown-service', 'aws', '/rules/2/resource/service'],
  ]);
});

it('names what saving would refuse, and writes nothing', async () => {
  const before = (await call('GET', '/routing')).body;
  const events = (await world.audit()).length;
  const rules = [policy('a', filtered('(?=x)')), policy('a', filtered('^dev$.'))];
  const { body } = await call('POST', '/policy/lint', { rules });
  expect(body.findings.map(({ code, path }: Record<string, string>) => `${code} ${path}`)).toEqual([
    'refused /rules/1/name',
    'refused /rules/0/resource/filters/role/pattern',
    'pattern-finds-nothing /rules/1/resource/filters/role/pattern',
  ]);
  expect((await call('GET', '/routing')).body).toEqual(before);
  expect((await world.audit()).length).toBe(events);
});

it('takes 10,000 policies, and says at most 1,000 things of them', async () => {
  const approval = [{ type: 'deny' }, { type: 'p0' }];
  const many = Array.from({ length: 10_000 }, (_, index) => policy(`policy ${index}`, { ...filtered('^dev$', `name ${index}`), approval }));
  const { body } = await call('POST', '/policy/lint', { rules: many });
  expect(body).toMatchObject({ complete: false });
  expect(body.findings).toHaveLength(1_000);
  const quiet = many.map((each) => ({ ...each, approval: [{ type: 'p0' }] }));
  expect((await call('POST', '/policy/lint', { rules: quiet })).body).toEqual({ findings: [], complete: true });
  const one = policy('one more');
  expect((await call('POST', '/policy/lint', { rules: [...quiet, one] })).status).toBe(400);
});

it('is for those who read policies; given ones are for those who review or write them', async () => {
  expect((await call('GET', '/policy/lint', undefined, 'bob')).status).toBe(403);
  expect((await call('POST', '/policy/lint', { rules: [] }, 'bob')).status).toBe(403);
  expect((await call('POST', '/policy/lint', { rules: [] }, 'carol')).body).toEqual({ findings: [], complete: true });
  for (const body of [undefined, {}, { rules: {} }, { rules: [{}] }]) expect((await call('POST', '/policy/lint', body)).status).toBe(400);
});
