import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { everyScope, type Scope } from '../../src/domain/scope.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { createWorld, org, type World } from '../support/world.ts';

/** Whatever is refused is on record once: by the door that refused it, with who tried, or counted where no door was asked. */

const unknown = '01938a00-0000-7000-8000-000000000001';
const asked = `/permission-requests/${unknown}`;
let world: World;
const tokens = new Map<string, Caller>();

beforeAll(async () => {
  world = await createWorld();
  for (const name of ['alice', 'bob']) tokens.set(name, { ...(await world.caller(name, 'api')), scopes: everyScope });
  tokens.set('without', { ...(await world.caller('alice', 'api')), scopes: new Set<Scope>() });
});
afterAll(() => world[Symbol.asyncDispose]());

type Call = { method?: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string; by?: string; body?: object; headers?: Record<string, string> };

/** Makes the calls one after the other, and tells what they left in the audit log. */
async function eventsOf(...calls: readonly Call[]) {
  const app = await createHttpApp({
    useCases: { ...world.useCases, authenticate: async (_org, token) => tokens.get(token) },
    org,
    log: { info: () => undefined, error: () => undefined },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
  });
  const before = (await world.audit()).length;
  const statuses: number[] = [];
  for (const { method = 'GET', path, by = 'bob', body, headers } of calls) {
    const authorization = `Bearer ${by}`;
    const response = await app.inject({
      method,
      url: `/o/demo${path}`,
      headers: { authorization, ...headers },
      ...(body && { payload: body }),
    });
    statuses.push(response.statusCode);
  }
  await app.close();
  return { statuses, events: (await world.audit()).slice(before) };
}

const command = (...argv: readonly string[]) => ({ method: 'POST', path: '/command', body: { argv, scriptName: 'p0' } }) as const;

describe('a door that refuses records it, once', () => {
  const told: readonly (readonly [attempt: string, code: string, status: number, call: Call])[] = [
    ['command.run', 'usage', 400, command('request', 'pg')],
    ['command.run', 'unknown-service', 400, command('ls', 'nowhere', 'role')],
    ['command.run', 'scope-required', 403, { ...command('ls', 'pg', 'role'), by: 'without' }],
    ['command.run', 'not-found', 404, command('approve', 'no-id')],
    ['request.submit', 'unknown-service', 400, command('request', 'nowhere', 'role', 'x')],
    ['pre-approval.create', 'unknown-service', 400, command('allow', 'nowhere', 'role', 'x', '--to', 'bob@example.com', '--length', '1h')],
    ['request.decide', 'not-found', 404, command('approve', unknown)],
    ['request.read', 'not-found', 404, { path: asked }],
    ['request.poll', 'not-found', 404, { path: `/command/${unknown}/poll` }],
    ['request.list', 'scope-required', 403, { path: '/permission-requests', by: 'without' }],
    ['request.follow', 'scope-required', 403, { path: '/permission-requests/events', by: 'without' }],
    ['settings.read', 'role-required', 403, { path: '/settings' }],
    ['role.list', 'role-required', 403, { path: '/settings/roles' }],
    ['key.list', 'role-required', 403, { path: '/api-keys' }],
    ['audit.list', 'scope-required', 403, { path: '/audit', by: 'without' }],
    ['policy.list', 'role-required', 403, { path: '/policy' }],
    ['policy.read', 'role-required', 403, { path: '/policy/name/x' }],
    ['policy.read', 'not-found', 404, { path: '/policy/name/x', by: 'alice' }],
    ['policy.history', 'role-required', 403, { path: '/policy/history' }],
    ['policies.read', 'role-required', 403, { path: '/routing' }],
    ['policies.lint', 'role-required', 403, { path: '/policy/lint' }],
    ['webhook.list', 'role-required', 403, { path: '/webhooks' }],
    ['webhook.read', 'not-found', 404, { path: `/webhooks/${unknown}`, by: 'alice' }],
    ['standing-access.list', 'scope-required', 403, { path: '/standing-access', by: 'without' }],
    ['standing-access.read', 'not-found', 404, { path: `/standing-access/${unknown}` }],
    ['pre-approval.list', 'scope-required', 403, { path: '/pre-approvals', by: 'without' }],
    ['pre-approval.read', 'not-found', 404, { path: `/pre-approvals/${unknown}` }],
  ];
  it.each(told)('%s: %s (%i)', async (attempt, code, status, call) => {
    const { statuses, events } = await eventsOf(call);
    expect(statuses).toEqual([status]);
    expect(events).toMatchObject([{ action: 'refused', actor: { kind: 'person' }, data: { attempt, code } }]);
    expect(events).toHaveLength(1);
  });

  it('also where it says so in other words', async () => {
    const body = { principal: 'bob@example.com', service: 'pg', accessType: 'role', resource: 'readonly', length: '1d', opensAt: 'x' };
    const { statuses, events } = await eventsOf({ method: 'POST', path: '/pre-approvals', by: 'alice', body });
    expect([statuses, events.map(({ action }) => action)]).toEqual([[400], ['refused']]);
  });

  it('also in Slack', async () => {
    const before = (await world.audit()).length;
    await world.useCases.runCommand(await world.caller('bob'), ['request', 'pg'], '/access');
    expect((await world.audit()).slice(before)).toMatchObject([
      { action: 'refused', actor: { email: 'bob@example.com', via: 'slack' }, data: { attempt: 'command.run', code: 'usage' } },
    ]);
  });
});

describe('what no door was asked is counted', () => {
  const counted: readonly (readonly [what: string, status: number, call: Call])[] = [
    ['a duration that is none', 400, { method: 'POST', path: `${asked}/approve`, by: 'alice', body: { expirationLength: 'soon' } }],
    ['a reason that is too long', 400, { method: 'POST', path: `${asked}/deny`, body: { reason: 'x'.repeat(3_000) } }],
    ['an id that is none', 404, { path: '/permission-requests/none' }],
    ['an id that is none, to poll', 404, { path: '/command/none/poll' }],
    ['a cursor that is none', 400, { path: '/permission-requests?cursor=none' }],
    ['a position that is none', 400, { path: '/permission-requests/events?after=999999999' }],
    ['help that is an error to its client', 400, command('ls', '--help')],
    ['an address that is none', 404, { path: '/nowhere' }],
    ['a method that is none', 405, { method: 'DELETE', path: '/settings' }],
    ['a body of another shape', 400, { method: 'POST', path: '/command', body: {} }],
    ['a token that is none', 401, { path: '/settings', by: 'nobody' }],
  ];
  it.each(counted)('%s', async (_what, status, call) => {
    const { statuses, events } = await eventsOf(call);
    expect(statuses).toEqual([status]);
    expect(events).toMatchObject([{ action: 'calls.refused', actor: { kind: 'unknown' }, data: { [status]: 1 } }]);
    expect(events).toHaveLength(1);
  });

  it('a repeat that is answered from what was kept, and one that is another call', async () => {
    const headers = { 'idempotency-key': 'the-same' };
    const { statuses, events } = await eventsOf(
      { ...command('request', 'pg'), headers },
      { ...command('request', 'pg'), headers },
      { ...command('request', 'pg', 'role'), headers },
    );
    expect(statuses).toEqual([400, 400, 422]);
    expect(events).toMatchObject([
      { action: 'refused', data: { attempt: 'command.run', code: 'usage' } },
      { action: 'calls.refused', data: { 400: 1, 422: 1 } },
    ]);
  });

  it('where it cannot be told whose the token is', async () => {
    const app = await createHttpApp({
      useCases: { ...world.useCases, authenticate: async () => 'unavailable' },
      org,
      log: { info: () => undefined, error: () => undefined },
      publicUrl: 'http://127.0.0.1:3000',
      health: async () => ({ ready: true, checks: {} }),
    });
    expect((await app.inject({ url: '/o/demo/settings', headers: { authorization: 'Bearer x' } })).statusCode).toBe(503);
    await app.close();
    expect((await world.audit()).at(-1)).toMatchObject({ action: 'calls.refused', data: { 503: 1 } });
  });
});
