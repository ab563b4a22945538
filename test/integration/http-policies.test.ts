import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { strictHttpApp } from '../support/strict-http-app.ts';
import { setBootstrapKey } from '../../src/store/configured.ts';
import { listening } from '../support/http-app.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const owner = 'the bootstrap key of these tests, which is long';
let world: World;
let app: FastifyInstance;

beforeAll(async () => {
  world = await createWorld();
  await setBootstrapKey(world.db, org, email('alice@example.com'), owner);
  app = await strictHttpApp(world.useCases);
});
afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
async function call(method: Method, path: string, body?: unknown, token = owner) {
  const response = await app.inject({
    method,
    url: `/o/demo${path}`,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: response.statusCode, body: response.body === '' ? undefined : response.json() };
}
const at = (name: string, prefix = '/policy') => `${prefix}/name/${encodeURIComponent(name)}`;
const any = { requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'p0' }] };
const groups = [{ directory: 'okta', id: '00g1', label: ' Developers ' }];
const inGroup = { type: 'group', groups, effect: 'keep' };
const unset = { integration: null, directory: null, groups: null, effect: null, profileProperty: null, services: null };
const noOptions = { allowOneParty: null, breakGlassApprover: null, requirePreapproval: null, requireReason: true, requireDuration: false };
const agentic = (agent: object, user: object) => ({ requestor: { type: 'agentic', agent, user } });
const filtered = (filters: unknown) => ({ resource: { type: 'integration', service: 'aws', accessType: null, filters } });

const variants: readonly object[] = [
  {},
  { disabled: false },
  { disabled: null },
  { requestor: { type: 'some' } },
  { requestor: { type: 'user', uid: 'Bob@Example.com' } },
  { requestor: inGroup },
  { requestor: { type: 'group', directory: 'workspace', id: 'x', label: 'X' } },
  agentic({ type: 'any' }, { type: 'none' }),
  agentic({ type: 'mcp-client', clientId: 'c' }, { type: 'any' }),
  agentic({ type: 'agent-owner', owner: 'o' }, { type: 'user', uid: 'u@example.com' }),
  agentic({ type: 'owner-group', groups: inGroup }, inGroup),
  agentic({ type: 'provider', providerId: 'p', subjectPattern: '^a.*' }, { type: 'any' }),
  agentic({ type: 'provider', providerId: 'p', subjectPattern: null }, { type: 'any' }),
  { resource: { type: 'any', service: null, accessType: null, filters: null } },
  filtered(null),
  filtered({}),
  filtered({ tag: { effect: 'keep', key: 'grantable', pattern: '1|true', value: null }, sudo: { effect: 'remove', value: false } }),
  filtered({ tag: { effect: 'removeAll', key: null, pattern: null } }),
  { approval: [] },
  {
    approval: [
      { type: 'p0', options: { nextGroups: { afterMinutes: 30, groups } } },
      { type: 'p0', options: { nextGroups: null } },
      ...[{}, { maxMinutes: 30 }, { maxMinutes: null }, null].map((breakGlass) => ({ type: 'p0', options: { breakGlass } })),
    ],
  },
  { approval: ['p0', 'persistent', 'deny'].map((type) => ({ type, ...unset, options: noOptions })) },
  {
    approval: [
      { ...unset, ...inGroup, options: null },
      { type: 'requestor-profile', directory: 'okta', profileProperty: 'boss' },
    ],
  },
  {
    approval: [
      { ...unset, type: 'auto', integration: 'pagerduty' },
      { type: 'escalation', integration: 'incidentio', services: ['b', 'a'] },
    ],
  },
  { requestor: { ...inGroup, effect: 'remove', groups: [...groups, { directory: 'entra-id', id: 'g', label: '' }] } },
  agentic({ type: 'any' }, { ...inGroup, effect: 'remove' }),
  agentic({ type: 'agent-client', clientId: ' c ' }, { type: 'none' }),
  { resource: { type: 'any', service: 'aws', accessType: 'role', filters: {} } },
  { resource: { type: 'integration', service: 'aws' } },
  filtered({ '': { effect: 'keep', key: '', pattern: '' }, 'ümlaut/~': { effect: 'remove', key: null, pattern: null, value: true } }),
  { approval: [{ type: 'p0', options: {} }, { type: 'p0' }, { type: 'p0', options: { breakGlassApprover: false } }] },
  { approval: [{ ...unset, type: 'deny', services: [], groups: [], effect: 'keep', integration: 'pagerduty', directory: 'okta' }] },
];

describe('a policy', () => {
  it.each(variants)('is echoed exactly: %j', async (changes) => {
    const policy = { ...any, ...changes, name: 'echo' };
    expect(await call('POST', at('echo'), { ...policy, id: 'extra', version: 3 })).toEqual({ status: 201, body: policy });
    expect(await call('GET', at('echo', '/routing'))).toEqual({ status: 200, body: policy });
    expect(await call('PUT', at('echo', '/routing'), policy)).toEqual({ status: 200, body: policy });
    expect(await call('DELETE', at('echo'))).toEqual({ status: 204, body: undefined });
    expect((await call('GET', at('echo'))).status).toBe(404);
  });

  it.each(['a/b', '100%', 'a+b', 'a b?#&=:@', 'ümlaut', '%2F', 'latest'])('may be called %j', async (name) => {
    const policy = { ...any, name };
    expect(await call('POST', at(name), policy)).toEqual({ status: 201, body: policy });
    const { server, port } = await listening(app);
    // As Go escapes a path: these characters stay as they are.
    const path = encodeURIComponent(name).replace(/%(?:2B|26|3D|3A|40)/g, decodeURIComponent);
    const response = await fetch(`http://127.0.0.1:${port}/o/demo/policy/name/${path}`, {
      headers: { authorization: `Bearer ${owner}`, connection: 'close' },
    });
    expect([response.status, await response.json()]).toEqual([200, policy]);
    await new Promise((resolve) => server.close(resolve));
    expect((await call('DELETE', at(name, '/routing'))).status).toBe(204);
  });

  it.each<[string, object]>([
    ['name', { name: 'other' }],
    ['requestor', { requestor: { type: 'group' } }],
    ['requestor', { requestor: { type: 'user' } }],
    ['resource/service', { resource: { type: 'integration' } }],
    ['approval/0/type', { approval: [{ type: 'nobody' }] }],
    ['approval/0/options/nextGroups/groups', { approval: [{ type: 'p0', options: { nextGroups: { afterMinutes: 5, groups: [] } } }] }],
    ['approval/0/options/nextGroups/afterMinutes', { approval: [{ type: 'p0', options: { nextGroups: { afterMinutes: 0, groups } } }] }],
    ...[0, 61, 1.5, '5'].map((maxMinutes): [string, object] => [
      'approval/0/options/breakGlass/maxMinutes',
      { approval: [{ type: 'p0', options: { breakGlass: { maxMinutes } } }] },
    ]),
    ['approval/0/services', { approval: [{ type: 'escalation', integration: 'pagerduty' }] }],
    ['resource/filters/tag/key', filtered({ tag: { effect: 'remove', pattern: 'x' } })],
    ['resource/filters/tag/pattern', filtered({ tag: { effect: 'keep', key: 'a', pattern: '(?=x)' } })],
    ['requestor/agent/subjectPattern', agentic({ type: 'provider', providerId: 'p', subjectPattern: '(' }, { type: 'any' })],
  ])('is refused by the name of the field: %s', async (field, changes) => {
    const answer = await call('POST', at('bad'), { ...any, name: 'bad', ...changes });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(field);
    expect((await call('GET', at('bad'))).status).toBe(404);
  });

  it('cannot be made twice, nor changed or deleted where there is none', async () => {
    expect((await call('PUT', at('once'), { ...any, name: 'once' })).status).toBe(404);
    expect((await call('DELETE', at('once'))).status).toBe(404);
    expect((await call('POST', at('once'), { ...any, name: 'once' })).status).toBe(201);
    expect((await call('POST', at('once'), { ...any, name: 'once' })).status).toBe(409);
    await call('DELETE', at('once'));
  });
});

describe('the document', () => {
  it('keeps all of ten policies that are made at once, each with its version and event', async () => {
    const before = Number((await call('GET', '/routing')).body.version);
    const names = Array.from({ length: 10 }, (_, index) => `parallel ${index}`);
    const made = await Promise.all(names.map((name) => call('POST', at(name), { ...any, name })));
    expect(made.map(({ status }) => status)).toEqual(names.map(() => 201));
    const { body } = await call('GET', '/policy/latest');
    expect(Number(body.workflow.version)).toBe(before + 10);
    expect(body.workflow.rules.map((rule: { name: string }) => rule.name).toSorted()).toEqual(names);
    const events = (await world.audit()).filter(({ action, data }) => action === 'policy.created' && names.includes(String(data['name'])));
    expect(new Set(events.map(({ data }) => data['version'])).size).toBe(10);
  });

  it('is replaced in one go, by whoever knows its version', async () => {
    const rules = ['z', 'a'].map((name) => ({ ...any, name }));
    const { version } = (await call('GET', '/routing')).body;
    const next = String(Number(version) + 1);
    const body = { workflow: { rules }, currentVersion: version };
    expect(await call('POST', '/routing', body)).toEqual({ status: 200, body: { workflow: { rules, version: next } } });
    expect((await call('POST', '/routing', body)).status).toBe(409);
    expect((await call('GET', '/routing')).body).toMatchObject({ id: next, version: next, rules });
    expect((await call('GET', '/routing/latest')).body).toEqual({ workflow: { rules, version: next } });
    const twice = await call('POST', '/routing', { workflow: { rules: [rules[0], rules[0]] }, currentVersion: next });
    expect(twice).toMatchObject({ status: 400 });
  });

  it('holds every variant exactly', async () => {
    const rules = variants.map((changes, index) => ({ ...any, ...changes, name: `variant ${index}` }));
    const { version } = (await call('GET', '/routing')).body;
    const replaced = await call('POST', '/routing', { workflow: { rules }, currentVersion: version });
    expect(replaced.body.workflow.rules).toEqual(rules);
    for (const [path, found] of [
      ['/routing', 'rules'],
      ['/policy/latest', 'workflow'],
      [`/routing/${replaced.body.workflow.version}`, 'rules'],
    ] as const) {
      const { body } = await call('GET', path);
      expect(found === 'workflow' ? body.workflow.rules : body.rules, path).toEqual(rules);
    }
    const again = { workflow: { rules: replaced.body.workflow.rules }, currentVersion: replaced.body.workflow.version };
    expect((await call('POST', '/routing', again)).body).toEqual(replaced.body);
  });

  it('decides the next request', async () => {
    const [target] = world.deps.integrations.all();
    const [item] = target?.catalog() ?? [];
    if (target === undefined || item === undefined) throw new Error('no target');
    const bob = await world.caller('bob', 'api');
    const outcomes = [];
    for (const type of ['deny', 'p0']) {
      const { version } = (await call('GET', '/routing')).body;
      const rules = [{ ...any, name: 'only', approval: [{ type }] }];
      expect((await call('POST', '/routing', { workflow: { rules }, currentVersion: version })).status).toBe(200);
      const argv = ['request', target.service, item.accessType, item.resource, '--reason', 'x'];
      const result = await world.useCases.runCommand(bob, argv, 'p0');
      outcomes.push(result.ok ? 'submitted' : result.rejection.code);
    }
    expect(outcomes).toEqual(['not-allowed', 'submitted']);
  });
});

describe('a version', () => {
  const conditional = async (method: Method, path: string, tags: string | undefined, body?: unknown) => {
    const headers = {
      authorization: `Bearer ${owner}`,
      'content-type': 'application/json',
      ...(tags === undefined ? {} : { 'if-match': tags }),
    };
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const { statusCode, headers: sent } = await app.inject({ method, url: `/o/demo${path}`, headers, ...payload });
    return { status: statusCode, etag: String(sent['etag']) };
  };

  it('is what a change can be made to start from', async () => {
    const policy = { ...any, name: 'tagged' };
    const made = await conditional('POST', at('tagged'), undefined, policy);
    expect(made).toEqual({ status: 201, etag: expect.stringMatching(/^"\d+"$/) });
    await conditional('POST', at('beside it'), undefined, { ...any, name: 'beside it' });
    expect(await conditional('GET', at('tagged'), undefined)).toEqual({ status: 200, etag: made.etag });
    for (const tags of ['"0"', `W/${made.etag}`, 'x', ''])
      expect((await conditional('PUT', at('tagged'), tags, policy)).status, tags).toBe(412);
    const changed = await conditional('PUT', at('tagged'), `"0", ${made.etag}`, policy);
    expect(changed.status).toBe(200);
    expect(changed.etag).not.toBe(made.etag);
    expect((await conditional('DELETE', at('tagged'), made.etag)).status).toBe(412);
    expect((await conditional('DELETE', at('tagged'), '*')).status).toBe(204);
    const document = await conditional('GET', '/policy/latest', undefined);
    expect((await conditional('GET', '/routing', undefined)).etag).toBe(document.etag);
    const body = { workflow: { rules: [policy] }, currentVersion: document.etag.slice(1, -1) };
    expect((await conditional('POST', '/routing', made.etag, body)).status).toBe(412);
    expect((await conditional('POST', '/routing', document.etag, body)).status).toBe(200);
  });

  it('lets only one of two changes from the same version through', async () => {
    const policy = { ...any, name: 'raced' };
    const { etag } = await conditional('POST', at('raced'), undefined, policy);
    const both = await Promise.all([0, 1].map(() => conditional('PUT', at('raced'), etag, policy)));
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  });
});

describe('who may', () => {
  it('owners write, reviewers read, others do neither', async () => {
    const policy = { requestor: { type: 'any' }, resource: { type: 'any' }, approval: [], name: 'mine' } as const;
    const carol = await world.caller('carol', 'api');
    const dave = await world.caller('dave', 'api');
    expect(await world.useCases.policies.create(carol, 'mine', policy)).toMatchObject({ rejection: { code: 'role-required' } });
    expect(await world.useCases.policies.document(carol)).toMatchObject({ ok: true });
    expect(await world.useCases.policies.document(dave)).toMatchObject({ rejection: { code: 'role-required' } });
    const narrow = { ...(await world.caller('alice', 'api')), scopes: new Set(['command'] as const) };
    expect(await world.useCases.policies.remove(narrow, 'mine', 'any')).toMatchObject({ rejection: { code: 'scope-required' } });
  });
});
