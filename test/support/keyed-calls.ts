import type { FastifyInstance } from 'fastify';
import { expect } from 'vitest';
import type { UseCases } from '../../src/app/use-cases.ts';
import { createHttpApp, type HttpDeps } from '../../src/http/server.ts';
import { setBootstrapKey } from '../../src/store/configured.ts';
import { createWorld, email, org } from './world.ts';

const bootstrap = 'the bootstrap key of these tests, which is long';

type Call = {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Of alice, unless given. */
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  on?: FastifyInstance;
};

type Create = UseCases['preApprovals']['create'];

/** Every call of this makes another pre-approval: nothing but the key stands between a repeat and a second effect. */
export const window = {
  principal: 'bob@example.com',
  service: 'pg',
  accessType: 'role',
  resource: 'readonly',
  length: '1d',
  reason: 'on call',
};
export const policy = (name: string) => ({ name, requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'p0' }] });
export const withheld = 'urn:curfew:problem:idempotency-answer-withheld';
export const inProgress = 'urn:curfew:problem:idempotency-in-progress';
export const typeOf = (answer: { text: string }): string => JSON.parse(answer.text).type;

/** The HTTP API over a real world, called with and without an `Idempotency-Key`. */
export async function createKeyedCalls() {
  const world = await createWorld();
  await setBootstrapKey(world.db, org, email('alice@example.com'), bootstrap);
  /** What was logged as an error. */
  const faults: object[] = [];
  const apps: FastifyInstance[] = [];
  let fresh = 0;

  async function createApp(overrides: Partial<UseCases> = {}, deps: Partial<HttpDeps> = {}): Promise<FastifyInstance> {
    const made = await createHttpApp({
      useCases: { ...world.useCases, ...overrides },
      org,
      log: { info: () => undefined, error: (fields) => void faults.push(fields) },
      publicUrl: 'http://127.0.0.1:3000',
      health: async () => ({ ready: true, checks: {} }),
      rateLimit: 10_000,
      ...deps,
    });
    apps.push(made);
    return made;
  }
  const app = await createApp();

  async function call(
    path: string,
    key: string | undefined,
    { method = 'POST', token = bootstrap, body, headers = {}, on = app }: Call = {},
  ) {
    const response = await on.inject({
      method,
      url: path.startsWith('/o') ? path : `/o/demo${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: response.statusCode,
      text: response.body,
      headers: response.headers,
      replayed: response.headers['idempotency-replayed'],
    };
  }

  return {
    world,
    faults,
    createApp,
    call,
    /** A key that no other call used. */
    newKey: () => `key-${fresh++}`,
    /** Opens {@link window}. */
    open: (key: string, on = app) => call('/pre-approvals', key, { body: window, on }),
    /** An app in which opening a window goes wrong in some way. */
    opening: (create: (real: Create) => Create) =>
      createApp({
        preApprovals: { ...world.useCases.preApprovals, create: create((...given) => world.useCases.preApprovals.create(...given)) },
      }),
    count: async (table: 'pre_approvals' | 'api_keys' | 'idempotency_keys') =>
      Number((await world.pool.query(`select count(*) from ${table}`)).rows[0].count),
    /** As though this much time had passed since every call. */
    age: (interval: string) => world.pool.query('update idempotency_keys set created_at = created_at - $1::interval', [interval]),
    async tokenOf(owner: string): Promise<{ id: string; key: string }> {
      const made = await call('/api-keys', undefined, {
        body: { name: 'test', owner, scopes: ['command', 'requests:decide', 'policies'] },
      });
      expect(made.status, made.text).toBe(201);
      return JSON.parse(made.text);
    },
    async [Symbol.asyncDispose]() {
      for (const each of apps) await each.close();
      await world[Symbol.asyncDispose]();
    },
  };
}
export type KeyedCalls = Awaited<ReturnType<typeof createKeyedCalls>>;
