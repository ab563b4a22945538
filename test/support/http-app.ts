import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../src/app/ports.ts';
import type { RequestDetail } from '../../src/app/request-history.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { type Org, parseEmail, parseGrantId, parseOrg, parsePersonId, parseRequestId, parseRightId } from '../../src/domain/ids.ts';
import type { PermissionRequest, Person, RequestState } from '../../src/domain/request.ts';
import { accept, reject } from '../../src/domain/result.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { instant } from '../../src/domain/time.ts';
import { createHttpApp, type HttpDeps } from '../../src/http/server.ts';
import type { World } from './world.ts';

export const key = 'cfw_test-key-of-bob-0123456789abcdef';
export const requestId = must(parseRequestId('01938a00-0000-7000-8000-000000000001'));
export const org: Org = must(parseOrg('demo'));

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a fixture is not valid');
  return value;
}

const person = (digit: string, email: string): Person => ({
  id: must(parsePersonId(`01938a00-0000-7000-8000-00000000010${digit}`)),
  email: must(parseEmail(email)),
});
export const bob = person('1', 'bob@example.com');
export const carol = person('2', 'carol@example.com');

export const start = instant(Date.UTC(2025, 0, 31, 9));
export const hour = must(parseDuration('1h'));

export function someRequest(state: RequestState = { kind: 'pending' }): PermissionRequest {
  return {
    org,
    id: requestId,
    requestor: bob,
    keyMakers: [],
    principal: bob,
    permission: { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' },
    reason: 'look at orders',
    asked: hour,
    durationNamed: true,
    createdAt: start,
    approvableUntil: instant(start + 86_400_000),
    state,
  };
}

/** The request as it is read in full, with nothing on record beside it. */
export const detailOf = (request: PermissionRequest): RequestDetail => ({
  request,
  now: start,
  grant: undefined,
  events: [],
  approval: { isOpen: false, approvers: [], unavailable: undefined, mayApprove: false, mayDeny: false },
});

/** Use cases that know this one request. */
export const readable = (request: PermissionRequest): Pick<UseCases, 'history'> => ({
  history: {
    read: async () => accept(detailOf(request)),
    receipt: async () => reject({ code: 'no-receipt', status: 'NEW' }),
    head: async () => accept(0),
    visible: async () => accept([]),
    feed: { next: async () => undefined },
  },
});

type ApprovedState = Extract<RequestState, { kind: 'approved' }>;

export const approved = (grantState: ApprovedState['grant']['state']): PermissionRequest =>
  someRequest({
    kind: 'approved',
    by: { kind: 'person', person: carol },
    at: start,
    duration: hour,
    grant: {
      id: must(parseGrantId('01938a00-0000-7000-8000-000000000201')),
      rightId: must(parseRightId('01938a00-0000-7000-8000-000000000301')),
      account: 'bob',
      duration: hour,
      standing: false,
      state: grantState,
    },
  });

/** Use cases that know one key and one person, and fail loudly wherever a test did not say what should happen. */
export function fakeUseCases(overrides: Partial<UseCases> = {}): UseCases {
  /** Any door, and any door behind it (`policies.put`), by name. */
  const unexpected = (name: string): object =>
    new Proxy(() => undefined, {
      get: (_, member) => (member === 'then' ? undefined : unexpected(`${name}.${String(member)}`)),
      apply: () => {
        throw new Error(`${name} was not expected; internal-marker-xyzzy`);
      },
    });
  const caller: Caller = { org, person: bob, via: 'api', scopes: everyScope };
  const known: Partial<UseCases> = {
    recordRefusedCalls: async () => undefined,
    authenticate: async (_org, given) => (given === key ? caller : undefined),
    ...overrides,
  };
  return new Proxy(known, { get: (_, name) => Reflect.get(known, name) ?? unexpected(String(name)) }) as UseCases;
}

export type LogLine = { readonly level: 'info' | 'error'; readonly fields: object; readonly message: string };

/** The app over {@link fakeUseCases}, and what it logged. */
export async function httpApp(
  overrides: Partial<UseCases> = {},
  deps: Partial<HttpDeps> = {},
): Promise<{ app: FastifyInstance; logged: LogLine[] }> {
  const logged: LogLine[] = [];
  const app = await createHttpApp({
    useCases: fakeUseCases(overrides),
    org,
    log: {
      info: (fields, message) => logged.push({ level: 'info', fields, message }),
      error: (fields, message) => logged.push({ level: 'error', fields, message }),
    },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    ...deps,
  });
  return { app, logged };
}

/** The app over a whole world. The token is the person's name: whom a token belongs to is another test's matter. */
export const worldApp = (
  world: Pick<World, 'caller'>,
  useCases: UseCases,
  authenticate: UseCases['authenticate'] = async (_org, token) => world.caller(token, 'api'),
): Promise<FastifyInstance> =>
  createHttpApp({
    useCases: { ...useCases, authenticate },
    org,
    log: { info: () => undefined, error: () => undefined },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 10_000,
  });

/** Behind a bare `node:http` server, as the process runs it. */
export async function listening(
  app: FastifyInstance,
  options: Parameters<typeof createServer>[0] = {},
): Promise<{ server: Server; port: number }> {
  const server = createServer(options ?? {}, (request, response) => app.routing(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}
