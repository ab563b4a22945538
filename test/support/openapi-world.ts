import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Caller, OnCall } from '../../src/app/ports.ts';
import { createUseCases } from '../../src/app/index.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import { type Org, parseOrg, parseRequestId } from '../../src/domain/ids.ts';
import { everyScope, type Scope, scopes } from '../../src/domain/scope.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { bindConfiguredRoles } from '../../src/store/configured.ts';
import { must } from './http-app.ts';
import { createWorld, email, org, type World } from './world.ts';

export const otherOrg: Org = must(parseOrg('elsewhere'));
/** Stands in every address and free text of the other organisation, and nowhere else. */
export const otherMark = 'zanzibar';
export const domains = { [org]: 'example.com', [otherOrg]: `${otherMark}.example` };

export type Token = {
  readonly text: string;
  readonly who: string;
  readonly scopes: ReadonlySet<string>;
  /** Undefined: it is of no use to anybody. */
  readonly id: string | undefined;
};

const plenty = 100_000_000;
const pagerduty: OnCall = {
  name: 'pagerduty',
  isOnCall: async (address) => address.startsWith('carol@'),
  canPage: () => true,
  page: async () => undefined,
};

/** One organisation, its app, and the key its owner makes order with. */
export type Side = { readonly org: Org; readonly useCases: UseCases; readonly app: FastifyInstance; readonly admin: Token };

/** Two organisations in one database, each with an app of its own; nothing runs by itself. */
export async function createFuzzWorld() {
  const world = await createWorld({
    onCalls: (name) => (name === 'pagerduty' ? pagerduty : undefined),
    // Wherever a webhook points, nothing leaves this machine: it is a loopback address, which is refused.
    receivers: { allowHosts: [], resolve: (_, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]) },
  });
  const logged: string[] = [];
  const log = {
    info: () => undefined,
    error: (fields: object, message: string) => logged.push(`${message}: ${JSON.stringify(fields, (_, value) => value?.stack ?? value)}`),
  };
  const open = async (of: Org): Promise<Side> => {
    const useCases = createUseCases({ ...world.deps, org: of });
    const limits = { rateLimit: plenty, orgRateLimit: plenty, longestWaitMs: 3_000 };
    const health = async () => ({ ready: true, checks: {} });
    const app = await createHttpApp({ useCases, org: of, log, publicUrl: 'http://127.0.0.1:3000', health, ...limits });
    await bindConfiguredRoles(world.db, of, { owner: [at(of, 'alice')], manager: [] });
    return { org: of, useCases, app, admin: await makeKey({ org: of, useCases }, 'alice', scopes) };
  };
  const [ours, theirs] = [await open(org), await open(otherOrg)];
  const tokens = await makeTokens(world, ours);
  for (const each of [ours, theirs]) await tend(world, each, each === ours ? tokens : []);
  return {
    world,
    logged,
    ours,
    theirs,
    tokens,
    async [Symbol.asyncDispose]() {
      await ours.app.close();
      await theirs.app.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

export type FuzzWorld = Awaited<ReturnType<typeof createFuzzWorld>>;
const at = (of: Org, name: string) => email(`${name}@${domains[of]}`);

const callerOf = async ({ org: of, useCases }: Pick<Side, 'org' | 'useCases'>, name: string): Promise<Caller> => ({
  org: of,
  via: 'slack',
  scopes: everyScope,
  person: await useCases.identify(of, { provider: 'slack', subject: `${of}/${name}`, email: email(`${name}@${domains[of]}`) }),
});

async function makeKey(side: Pick<Side, 'org' | 'useCases'>, name: string, held: readonly Scope[]): Promise<Token> {
  const made = await side.useCases.keys.create(await callerOf(side, 'alice'), {
    name: `of ${name}`,
    owner: `${name}@${domains[side.org]}`,
    scopes: held,
    expiresIn: undefined,
  });
  if (!made.ok) throw new Error(made.rejection.code);
  return { text: made.value.key, who: name, scopes: new Set(held), id: made.value.record.id };
}

/** An owner, a reviewer, members, a stranger, the owner with one scope each, and keys that were good once. */
async function makeTokens(world: World, side: Side): Promise<readonly Token[]> {
  const whole: Token[] = [];
  for (const name of ['alice', 'alice', 'carol', 'bob', 'dave', 'erin']) whole.push(await makeKey(side, name, scopes));
  for (const scope of scopes) whole.push(await makeKey(side, 'alice', [scope]));
  const useless = [await makeKey(side, 'alice', scopes), await makeKey(side, 'alice', scopes)];
  await world.pool.query('update api_keys set revoked_at = clock_timestamp() where id = $1', [useless[0]?.id]);
  await world.pool.query('update api_keys set expires_at = clock_timestamp() where id = $1', [useless[1]?.id]);
  return [...whole, ...useless.map((each) => ({ ...each, id: undefined, scopes: new Set<string>() }))];
}

/** Brings an organisation back to where most calls can succeed: keys, roles, settings, policies, requests in every state. */
export async function tend(world: World, side: Side, tokens: readonly Token[]): Promise<void> {
  const { org: of } = side;
  const { pool } = world;
  const keep = [side.admin, ...tokens].flatMap(({ id }) => id ?? []);
  await pool.query(
    `update api_keys set revoked_at = case when id = any($2) then null else coalesce(revoked_at, clock_timestamp()) end where org = $1`,
    [of, keep],
  );
  await pool.query('delete from group_role_bindings where org = $1', [of]);
  await pool.query(
    `update panics set lifted_at = clock_timestamp(), lifted_by = started_by where org = $1 and hold and lifted_at is null`,
    [of],
  );
  await pool.query(`delete from role_bindings where org = $1 and source = 'api'`, [of]);
  await bindConfiguredRoles(world.db, of, { owner: [at(of, 'alice')], manager: [at(of, 'alice'), at(of, 'carol')] });
  await put(side, 'POST', '/settings/expiry-options/_reset', {});
  for (const [path, time] of [
    ['max-access-duration', 180],
    ['standing-access-duration', 1],
    ['approvable-duration', 14],
  ] as const)
    await put(side, 'PUT', `/settings/${path}`, { time, unit: 'd' });
  const { version } = z.object({ version: z.string() }).parse(await put(side, 'GET', '/routing'));
  const everywhere = { requestor: { type: 'any' }, resource: { type: 'any' } };
  const standing = {
    ...everywhere,
    name: 'standing',
    requestor: { type: 'user', uid: at(of, 'dave') },
    approval: [{ type: 'persistent' }],
  };
  const escalation = { type: 'escalation', integration: 'pagerduty', services: ['orders'] };
  const rules = [{ ...everywhere, name: 'first', approval: [{ type: 'p0', options: { breakGlass: {} } }, escalation] }, standing];
  await put(side, 'POST', '/routing', { workflow: { rules }, currentVersion: version });
  const { items } = z.object({ items: z.array(z.object({ id: z.string() })) }).parse(await put(side, 'GET', '/webhooks'));
  for (const { id } of items) await put(side, 'DELETE', `/webhooks/${id}`);
  await put(side, 'POST', '/webhooks', { url: `https://hooks.${domains[of]}/all` });
  await closeEverything(world, of);
  await seedRequests(world, side);
}

/** As the owner, over HTTP: the one door that does not change its signature. */
async function put(
  { org: of, app, admin }: Side,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  payload?: object,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${admin.text}` };
  const answer = await app.inject({ method, url: `/o/${of}${path}`, headers, ...(payload === undefined ? {} : { payload }) });
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${answer.body}`);
  return answer.body === '' ? undefined : answer.json();
}

/** As time would: requests lapse and access ends. */
async function closeEverything(world: World, of: Org): Promise<void> {
  await world.pool.query(
    `update requests set created_at = created_at - interval '60 days', approvable_until = created_at - interval '59 days'
     where org = $1 and state = 'pending'`,
    [of],
  );
  await world.pool.query(
    'update pre_approvals set ended_at = clock_timestamp(), ended_by = created_by where org = $1 and ended_at is null',
    [of],
  );
  await world.pool.query('update break_glass set blocks = false where org = $1 and blocks', [of]);
  // What is asked for next is written as though it were older than they are.
  await world.pool.query(
    'update panics set marked_at = coalesce(marked_at, clock_timestamp()), done_at = clock_timestamp() where org = $1 and done_at is null',
    [of],
  );
  await world.passTime('200 days');
  await world.sweep();
}

/** Pending, approved, active and standing ones, of several people. */
async function seedRequests(world: World, side: Side): Promise<void> {
  const { useCases, org: of } = side;
  const mark = of === org ? 'for the fuzz' : otherMark;
  const submit = async (name: string, resource: string, reason: string, breakGlass = false) => {
    const right = { service: 'pg', accessType: 'role', resource, integration: undefined };
    const result = await useCases.submitRequest(await callerOf(side, name), {
      right,
      reason,
      duration: undefined,
      to: undefined,
      breakGlass,
    });
    if (!result.ok) throw new Error(`${name}: ${result.rejection.code}`);
    return must(parseRequestId(result.value.request.id));
  };
  for (const resource of ['readonly', 'readwrite']) {
    await submit('dave', resource, `standing ${mark}`);
    const given = await submit('bob', resource, `given ${mark}`);
    await useCases.decideRequest(await callerOf(side, 'alice'), given, { kind: 'approve', duration: undefined, digest: undefined });
    const carol = await callerOf(side, 'carol');
    for (const [name, reason] of [
      ['bob', 'first'],
      ['bob', 'second'],
      ['erin', 'third'],
    ] as const) {
      const waiting = await submit(name, resource, `${reason} ${mark}`);
      for (let each = 0; each < 3; each++) await useCases.questionRequest(carol, waiting, `question ${each} ${mark}`);
    }
  }
  for (const name of ['bob', 'erin']) await submit(name, 'readonly', `taken at once ${mark}`, true);
  // By whom most calls are made, who owes no review.
  for (const resource of ['readonly', 'readwrite']) await submit('alice', resource, `waits ${mark}`);
  // Last, so that it is always among those that are known: only somebody else's, and of more than the least, may be made one for less.
  await submit('erin', 'readwrite', `fourth ${mark}`);
  // Long enough ago to be nudged.
  await world.pool.query(`update requests set created_at = created_at - interval '11 minutes' where org = $1 and state = 'pending'`, [of]);
  await world.sweep();
}
