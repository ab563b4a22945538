import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../src/app/ports.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { everyScope, type Scope } from '../../src/domain/scope.ts';
import { DEFAULT_PEOPLE } from '../../src/sandbox/slack/people.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { bindConfiguredRoles } from '../../src/store/configured.ts';
import { type SlackPresses, startSlackPresses } from '../support/slack-presses.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

/**
 * The authorization table, as actor × operation × state: every cell is called over HTTP and by a button in
 * Slack, and both must say what the rules below say. The rules are written down again here on purpose, from the table in
 * the notes rather than from the code.
 *
 * Bob asked, for Erin. Carol reviews. Olga owns and does not review. Vic may look. Dave is nobody in particular. Trudy is a
 * security reviewer who asked for herself, in requests of her own.
 */
const people = ['bob', 'erin', 'carol', 'olga', 'vic', 'dave', 'trudy'] as const;
type Name = (typeof people)[number];
const usual: ReadonlySet<string> = new Set(DEFAULT_PEOPLE.map(({ name }) => name));
/** Whom Slack does not vouch for, whatever their address says. Who is deactivated or a bot cannot press: see `slack-app.test.ts`. */
const unvouched = [
  { id: 'U0GUEST01', name: 'guest', email: 'carol@example.com', isRestricted: true },
  { id: 'U0STRANGE', name: 'stranger', email: 'carol@example.com', teamId: 'T0OTHER01' },
  { id: 'U0NOMAIL1', name: 'nomail', email: '' },
];
const buttons = ['approve', 'deny', 'revoke', 'relinquish', 'cancel', 'read'] as const;
const isButton = (operation: Operation): operation is (typeof buttons)[number] => operation !== 'extend' && operation !== 'escalate';
const operations = [...buttons, 'extend', 'escalate'] as const;
type Operation = (typeof operations)[number];
const states = ['pending', 'planned', 'active', 'ended', 'denied', 'cancelled'] as const;
type State = (typeof states)[number];
const subjects = ['bob for erin', 'trudy for herself'] as const;
type Subject = (typeof subjects)[number];

const scopeOf: Record<Operation, Scope> = {
  approve: 'requests:decide',
  deny: 'requests:decide',
  revoke: 'requests:decide',
  relinquish: 'command',
  cancel: 'command',
  extend: 'command',
  escalate: 'command',
  read: 'requests:read',
};

/** May this person do it, whatever the state? */
function isEntitled(name: Name, operation: Operation, subject: Subject): boolean {
  const requestor = subject === 'bob for erin' ? 'bob' : 'trudy';
  const principal = subject === 'bob for erin' ? 'erin' : 'trudy';
  const isReviewer = name === 'carol' || name === 'trudy';
  const isSelf = name === requestor || name === principal;
  switch (operation) {
    case 'approve':
    case 'deny':
      return isReviewer && !isSelf;
    case 'revoke':
      return isSelf || isReviewer || name === 'olga';
    case 'relinquish':
      return name === principal;
    case 'cancel':
      return name === requestor;
    case 'extend':
    case 'escalate':
      return isSelf;
    case 'read':
      return isSelf || isReviewer || name === 'olga' || name === 'vic';
  }
}

function isPossible(operation: Operation, state: State): boolean {
  switch (operation) {
    case 'approve':
    case 'deny':
    case 'cancel':
    case 'escalate':
      return state === 'pending';
    case 'extend':
      return state === 'active';
    case 'revoke':
    case 'relinquish':
      return state === 'planned' || state === 'active';
    case 'read':
      return true;
  }
}

/** Whoever may not read learns nothing; whoever may not do it is told so; only then the state matters. */
function expected(name: Name, operation: Operation, state: State, subject: Subject): number {
  if (!isEntitled(name, operation, subject)) return operation === 'read' ? 404 : 403;
  return isPossible(operation, state) ? 200 : 400;
}

let world: World;
let app: FastifyInstance;
let slackDoor: SlackPresses;
const tokens = new Map<string, Caller>();
const slack = new Map<string, Caller>();
let made = 0;

beforeAll(async () => {
  // Reviewers decide, and so would whoever is on call, which nobody is.
  world = await createWorld({
    onCalls: (name) => ({ name, isOnCall: async () => false, canPage: () => true, page: async () => undefined }),
  });
  const policy = {
    name: 'reviewed',
    requestor: { type: 'any' },
    resource: { type: 'any' },
    approval: [{ type: 'p0' }, { type: 'escalation', integration: 'pagerduty', services: ['database'] }],
  };
  await world.pool.query(`insert into policies (org, name, document) values ('demo', 'reviewed', $1)`, [policy]);
  await bindConfiguredRoles(world.db, org, {
    owner: [email('olga@example.com')],
    manager: [email('carol@example.com'), email('trudy@example.com')],
  });
  await world.pool.query(`insert into role_bindings (org, role, canonical, source) values ('demo', 'viewer', 'vic@example.com', 'api')`);
  for (const name of people) {
    slack.set(name, await world.caller(name));
    tokens.set(name, { ...(await world.caller(name, 'api')), scopes: everyScope });
  }
  const log = { info: () => undefined, error: () => undefined };
  app = await createHttpApp({
    useCases: { ...world.useCases, authenticate: async (_org, token) => tokens.get(token) },
    org,
    log,
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 1_000_000,
  });
  const members = people.filter((name) => !usual.has(name)).map((name, index) => ({ id: `U0MEMBER${index}`, name }));
  slackDoor = await startSlackPresses(world, [...members, ...unvouched]);
});
afterAll(async () => {
  await slackDoor[Symbol.asyncDispose]();
  await app.close();
  await world[Symbol.asyncDispose]();
});

const by = (name: string): Caller => {
  const caller = slack.get(name);
  if (caller === undefined) throw new Error(`nobody is called ${name}`);
  return caller;
};

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.rejection.code}`);
  return result.value;
}

/** A request in that state, made the way people make it. */
async function make(state: State, subject: Subject): Promise<PermissionRequest> {
  const { useCases } = world;
  const [requestor, principal] = subject === 'bob for erin' ? ['bob', 'erin'] : ['trudy', 'trudy'];
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const { request } = must(
    await useCases.submitRequest(by(requestor), { right, reason: `cell ${made++}`, duration: undefined, to: `${principal}@example.com` }),
  );
  if (state === 'pending') return request;
  if (state === 'cancelled') return must(await useCases.cancelRequest(by(requestor), request.id));
  if (state === 'denied') return must(await useCases.decideRequest(by('carol'), request.id, { kind: 'deny', reason: undefined }));
  const approved = must(await useCases.decideRequest(by('carol'), request.id, { kind: 'approve', duration: undefined, digest: undefined }));
  if (state === 'planned') return approved;
  await world.reconcile();
  if (state === 'active') return must(await useCases.readRequest(by('carol'), request.id));
  must(await useCases.relinquishGrant(by(principal), request.id));
  await world.reconcile();
  return must(await useCases.readRequest(by('carol'), request.id));
}

/** One request of a kind is enough for all who are refused: a refusal changes nothing, and {@link rows} shows it. */
const kept = new Map<string, PermissionRequest>();
async function take(state: State, subject: Subject): Promise<PermissionRequest> {
  const key = `${state} ${subject}`;
  const request = kept.get(key) ?? (await make(state, subject));
  kept.set(key, request);
  return request;
}
const drop = (state: State, subject: Subject): void => void kept.delete(`${state} ${subject}`);

async function rows(request: PermissionRequest): Promise<unknown> {
  const { rows: found } = await world.pool.query(
    `select to_jsonb(q) as request, to_jsonb(g) as given, (select count(*) from outbox where subject = q.id) as lines
     from requests q left join grants g on g.request_id = q.id where q.id = $1`,
    [request.id],
  );
  return found;
}

const bodies: Partial<Record<Operation, object>> = { approve: { expirationLength: '5m' }, extend: { duration: '5m' } };

async function overHttp(token: string | undefined, operation: Operation, request: PermissionRequest): Promise<number> {
  const path = `/o/demo/permission-requests/${request.id}`;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response =
    operation === 'read'
      ? await app.inject({ method: 'GET', url: path, headers: authorization })
      : await app.inject({ method: 'POST', url: `${path}/${operation}`, headers: authorization, payload: bodies[operation] ?? {} });
  return response.statusCode;
}

/** A real press of a button, in a window or a message, of a real Bolt app; whoever is refused is told so in private. */
const throughSlack = async (name: Name, operation: (typeof buttons)[number], request: PermissionRequest): Promise<number | undefined> =>
  (await slackDoor.press(name, operation, request)).status;

for (const subject of subjects)
  for (const state of states)
    describe(`${subject}, ${state}`, () => {
      for (const operation of operations)
        it(operation, async () => {
          for (const name of people)
            for (const door of [
              (request: PermissionRequest) => overHttp(name, operation, request),
              ...(isButton(operation) ? [(request: PermissionRequest) => throughSlack(name, operation, request)] : []),
            ]) {
              const request = await take(state, subject);
              const before = await rows(request);
              const status = await door(request);
              expect({ name, status }).toEqual({ name, status: expected(name, operation, state, subject) });
              if (status !== 200 || operation === 'read') expect(await rows(request)).toEqual(before);
              else drop(state, subject);
            }
        });
    });

describe('tokens', () => {
  it.each([undefined, 'unknown'])('nobody does anything with %s', async (token) => {
    const request = await take('pending', 'bob for erin');
    for (const operation of operations) expect(await overHttp(token, operation, request)).toBe(401);
  });

  it('do only what their scope says, whoever they belong to', async () => {
    for (const operation of operations)
      for (const scope of everyScope) {
        const owner = operation === 'relinquish' ? 'erin' : operation === 'cancel' || !isButton(operation) ? 'bob' : 'carol';
        tokens.set('narrow', { ...by(owner), via: 'api', scopes: new Set([scope]) });
        const state = operation === 'revoke' || operation === 'relinquish' || operation === 'extend' ? 'active' : 'pending';
        const request = await take(state, 'bob for erin');
        const status = await overHttp('narrow', operation, request);
        expect({ operation, scope, status }).toEqual({ operation, scope, status: scope === scopeOf[operation] ? 200 : 403 });
        if (status === 200) drop(state, 'bob for erin');
      }
  });

  it('are no second person for whoever made them', async () => {
    const approve = async (request: PermissionRequest) => overHttp('made', 'approve', request);
    tokens.set('made', { ...by('carol'), via: 'api', key: 'some key', keyMakers: [by('bob').person.id] });
    expect(await approve(await take('pending', 'bob for erin'))).toBe(403);
    tokens.set('made', { ...by('carol'), via: 'api', key: 'some key', keyMakers: [by('olga').person.id] });
    expect(await approve(await take('pending', 'bob for erin'))).toBe(200);
    drop('pending', 'bob for erin');
  });

  it('leave an event behind wherever they are refused', async () => {
    const request = await take('pending', 'bob for erin');
    const before = (await world.audit()).length;
    expect(await overHttp('dave', 'approve', request)).toBe(403);
    expect((await world.audit()).slice(before)).toMatchObject([
      { action: 'refused', actor: { email: 'dave@example.com', via: 'api' }, data: { attempt: 'request.decide', code: 'not-approver' } },
    ]);
  });
});

describe('people whom Slack does not vouch for', () => {
  it.each(unvouched)('do nothing, and are told so: $name', async ({ name }) => {
    const request = await take('pending', 'bob for erin');
    const before = await rows(request);
    for (const operation of buttons) {
      const { status, said } = await slackDoor.press(name, operation, request);
      expect({ operation, status }).toEqual({ operation, status: undefined });
      expect(said).toMatch(/Guests|Only members|no confirmed e-mail/);
    }
    expect(await rows(request)).toEqual(before);
  });
});
