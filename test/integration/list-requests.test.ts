import { afterAll, beforeAll, expect, it } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import type { Caller } from '../../src/app/ports.ts';
import type { RequestQuery } from '../../src/app/list-requests.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/index.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
const asked: Record<string, RequestId> = {};
beforeAll(async () => {
  world = await createWorld();
  const groups = [{ directory: 'local', id: 'platform', label: 'Platform team' }];
  const document = {
    name: 'platform decides about readonly',
    requestor: { type: 'any' },
    resource: {
      type: 'integration',
      service: 'pg',
      filters: { role: { effect: 'keep', key: 'name', pattern: '^readonly$', value: null } },
    },
    approval: [{ type: 'group', groups, effect: 'keep' }],
  };
  const rest = { name: 'reviewers decide', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'p0' }] };
  for (const each of [document, rest])
    await world.pool.query('insert into policies (org, name, document) values ($1, $2, $3)', ['demo', each.name, each]);
  for (const [who, resource] of [
    ['bob', 'readonly'],
    ['bob', 'readwrite'],
    ['dave', 'readwrite'],
    ['erin', 'readonly'],
    ['dave', 'readonly'],
    ['frank', 'readonly'],
    ['frank', 'readwrite'],
  ] as const)
    asked[`${who} ${resource}`] = await ask(await world.caller(who), resource);
});
afterAll(() => world[Symbol.asyncDispose]());

async function ask(caller: Caller, resource: string): Promise<RequestId> {
  const result = await world.useCases.runCommand(caller, ['request', 'pg', 'role', resource], 'p0');
  if (!result.ok || result.value.kind !== 'submitted') throw new Error(JSON.stringify(result));
  return result.value.request.id;
}

const everything: RequestQuery = {
  status: undefined,
  principal: undefined,
  requestor: undefined,
  service: undefined,
  since: undefined,
  before: undefined,
  limit: 100,
};
async function listed(who: string, more: Partial<RequestQuery> = {}, useCases = world.useCases): Promise<string[]> {
  const result = await useCases.listRequests(await world.caller(who), { ...everything, ...more });
  if (!result.ok) throw new Error(result.rejection.code);
  return result.value.map(({ requestor, permission }) => `${requestor.email.split('@')[0]} ${permission.resource}`);
}
const daves = ['frank readonly', 'dave readonly', 'erin readonly', 'dave readwrite', 'bob readonly'];

it('shows whoever may decide by a group what waits for them beside their own, newest first', async () => {
  expect(await listed('dave')).toEqual(daves);
  expect(await listed('erin')).toEqual(['erin readonly']);
  expect(await listed('carol')).toHaveLength(7);
});

it('fills every page, and leaves nothing out between them', async () => {
  for (const limit of [1, 2, 3]) {
    const seen: string[] = [];
    for (let before: RequestId | undefined; seen.length < daves.length; ) {
      const page = await listed('dave', { before, limit });
      expect(page).toHaveLength(Math.min(limit, daves.length - seen.length));
      seen.push(...page);
      before = asked[page.at(-1) ?? ''];
    }
    expect(seen).toEqual(daves);
  }
  expect(await listed('dave', { before: asked['bob readonly'] })).toEqual([]);
});

it('filters them like the others', async () => {
  expect(await listed('dave', { requestor: 'erin@example.com' })).toEqual(['erin readonly']);
  expect(await listed('dave', { status: 'DONE' })).toEqual([]);
  expect(await listed('dave', { service: 'nothing' })).toEqual([]);
});

it('asks the directory once about one person, however many requests wait', async () => {
  const questions: string[] = [];
  const { routing } = world.deps;
  const directories: typeof routing.directories = (name) => {
    const directory = routing.directories(name);
    return (
      directory && {
        ...directory,
        isMember: (group, person) => {
          questions.push(`${group.id} ${person}`);
          return directory.isMember(group, person);
        },
      }
    );
  };
  expect(await listed('dave', {}, createUseCases({ ...world.deps, routing: { ...routing, directories } }))).toEqual(daves);
  expect(questions).toEqual(['platform dave@example.com']);
});

it('shows no more than their own where nobody can tell who may decide', async () => {
  const { routing } = world.deps;
  const useCases = createUseCases({ ...world.deps, routing: { ...routing, directories: () => undefined } });
  expect(await listed('dave', {}, useCases)).toEqual(['dave readonly', 'dave readwrite']);
});

it('drops what is decided, unless it was theirs', async () => {
  const id = asked['frank readonly'];
  if (id === undefined) throw new Error('nothing was asked');
  const decided = await world.useCases.decideRequest(await world.caller('dave'), id, { kind: 'deny', reason: undefined });
  expect(decided.ok).toBe(true);
  expect(await listed('dave')).toEqual(daves.slice(1));
  expect(await listed('frank')).toEqual(['frank readwrite', 'frank readonly']);
});

it('reads of the requests of others only those that wait for somebody', async () => {
  const [alice, bob] = await Promise.all([world.caller('alice'), world.caller('bob')]);
  const many = 20_000;
  await world.pool.query(
    `insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, created_at, asked_seconds,
        duration_named, approvable_until, state, decided_at, decided_by)
      select 'demo', gen_random_uuid(), $1, $1, 'sample', 'pg', 'role', 'readonly', now(), 60, true, now() + interval '1 day', 'denied', now(), $2
      from generate_series(1, ${many})`,
    [alice.person.id, bob.person.id],
  );
  await world.pool.query('analyze requests');
  // One connection, so that what it has counted can be asked for.
  const one = openDatabase(world.database.url, world.hands.log, { max: 1 });
  const store = createStore({ db: one.db, pool: one.pool, removals: one.pool, gives: one.pool });
  const read = async (work: () => Promise<unknown>): Promise<number> => {
    const count = async () => {
      await one.pool.query('select pg_stat_force_next_flush()');
      await one.pool.query('select pg_stat_clear_snapshot()');
      const { rows } = await one.pool.query<{ count: number }>(
        `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as count from pg_stat_user_tables where relname = 'requests'`,
      );
      return rows[0]?.count ?? Number.NaN;
    };
    const before = await count();
    await work();
    return (await count()) - before;
  };
  try {
    const page = { ...everything, principal: undefined, requestor: undefined, of: bob.person.id, orPending: true };
    expect(await read(() => one.pool.query('select count(reason) from requests'))).toBeGreaterThanOrEqual(many);
    expect(await read(() => store.requestPage(org, page))).toBeLessThan(100);
  } finally {
    await one.db.destroy();
  }
});
