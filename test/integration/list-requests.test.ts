import { afterAll, beforeAll, expect, it } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import type { Caller } from '../../src/app/ports.ts';
import type { RequestQuery } from '../../src/app/list-requests.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { createWorld, type World } from '../support/world.ts';

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
