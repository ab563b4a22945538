/** What the tests of the authorization table stand on: everybody in it, with a token and a place in Slack, and a target for every kind of rule. */
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../src/app/ports.ts';
import type { Result } from '../../src/domain/result.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { DEFAULT_PEOPLE } from '../../src/sandbox/slack/people.ts';
import { bindConfiguredRoles } from '../../src/store/configured.ts';
import { type FakeTarget, fakeTarget } from './fake-target.ts';
import { type SlackPresses, startSlackPresses } from './slack-presses.ts';
import { createWorld, email, org, type World } from './world.ts';

/**
 * Bob asks, for Erin, and is nobody in particular otherwise, as is she. Carol reviews. Olga owns and does not review. Vic may
 * look. Dave is in a group beside Carol (`local/platform`). Trudy is a security reviewer who asks for herself too.
 */
export const people = ['bob', 'erin', 'carol', 'olga', 'vic', 'dave', 'trudy'] as const;
export type Name = (typeof people)[number];

/** Whom Slack does not vouch for, whatever their address says. Who is deactivated or a bot cannot press: see `slack-app.test.ts`. */
export const unvouched = [
  { id: 'U0GUEST01', name: 'guest', email: 'carol@example.com', isRestricted: true },
  { id: 'U0STRANGE', name: 'stranger', email: 'carol@example.com', teamId: 'T0OTHER01' },
  { id: 'U0NOMAIL1', name: 'nomail', email: '' },
];

const platform = [{ directory: 'local', id: 'platform', label: 'Platform team' }];
const everybody = { type: 'any' };
/** A rule per service. The target `sample` of the world has `pg`. */
const rules = {
  // Reviewers decide, and so would whoever is on call, which nobody is.
  pg: { requestor: everybody, approval: [{ type: 'p0' }, { type: 'escalation', integration: 'pagerduty', services: ['database'] }] },
  grp: { requestor: everybody, approval: [{ type: 'group', groups: platform, effect: 'keep' }] },
  one: { requestor: everybody, approval: [{ type: 'p0', options: { allowOneParty: true } }] },
  few: { requestor: { type: 'group', groups: platform, effect: 'keep' }, approval: [{ type: 'p0' }] },
  shut: { requestor: everybody, approval: [{ type: 'p0' }, { type: 'deny' }] },
  free: { requestor: everybody, approval: [{ type: 'persistent' }] },
};
export type Service = keyof typeof rules;
export const services: readonly Service[] = ['pg', 'grp', 'one', 'few', 'shut', 'free'];

/** What fails, and what is not confirmed to be gone, are rights of their own: they would be in the way of whoever needs the same ones. */
export const resources = ['readonly', 'failing', 'lingering'] as const;

export type Table = {
  readonly world: World;
  readonly targets: ReadonlyMap<string, FakeTarget>;
  readonly app: FastifyInstance;
  readonly slack: SlackPresses;
  /** What tokens there are beside the API keys that the database knows; everybody's is their name. */
  readonly tokens: Map<string, Caller>;
  /** As they come in from Slack. */
  readonly by: (name: string) => Caller;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function createTable(): Promise<Table> {
  const besides = services.filter((service) => service !== 'pg').map((service) => fakeTarget(`${service}-target`, service));
  const world = await createWorld({
    besides,
    onCalls: (name) => ({ name, isOnCall: async () => false, canPage: () => true, page: async () => undefined }),
    receivers: { allowHosts: ['127.0.0.1'] },
  });
  const targets = [world.target, ...besides];
  for (const target of targets)
    Object.assign(target, { catalog: () => resources.map((resource) => ({ accessType: 'role', resource, label: resource })) });
  for (const [service, { requestor, approval }] of Object.entries(rules)) {
    const policy = { name: service, requestor, resource: { type: 'integration', service }, approval };
    await world.pool.query(`insert into policies (org, name, document) values ('demo', $1, $2)`, [service, policy]);
  }
  await bindConfiguredRoles(world.db, org, {
    owner: [email('olga@example.com')],
    manager: [email('carol@example.com'), email('trudy@example.com')],
  });
  await world.pool.query(`insert into role_bindings (org, role, canonical, source) values ('demo', 'viewer', 'vic@example.com', 'api')`);
  const tokens = new Map<string, Caller>();
  const callers = new Map<string, Caller>();
  for (const name of people) {
    callers.set(name, await world.caller(name));
    tokens.set(name, { ...(await world.caller(name, 'api')), scopes: everyScope });
  }
  const app = await createHttpApp({
    useCases: { ...world.useCases, authenticate: async (of, token) => tokens.get(token) ?? world.useCases.authenticate(of, token) },
    org,
    log: { info: () => undefined, error: () => undefined },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 1_000_000,
  });
  const usual: ReadonlySet<string> = new Set(DEFAULT_PEOPLE.map(({ name }) => name));
  const members = people.filter((name) => !usual.has(name)).map((name, index) => ({ id: `U0MEMBER${index}`, name }));
  const slack = await startSlackPresses(world, [...members, ...unvouched]);
  return {
    world,
    targets: new Map(targets.map((target) => [target.service, target])),
    app,
    slack,
    tokens,
    by(name) {
      const caller = callers.get(name);
      if (caller === undefined) throw new Error(`nobody is called ${name}`);
      return caller;
    },
    async [Symbol.asyncDispose]() {
      await slack[Symbol.asyncDispose]();
      await app.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.rejection.code}`);
  return result.value;
}

/** The status that a call over HTTP is answered with; a body only where there is one to send. */
export async function call(
  app: FastifyInstance,
  token: string | undefined,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly json: unknown }> {
  const answer = await app.inject({
    method,
    url: `/o/demo${path}`,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, json: answer.body === '' ? undefined : answer.json() };
}
