import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import type { Integration } from '../../src/app/ports.ts';
import { fakeTarget } from '../support/fake-target.ts';
import { createWorld, type World } from '../support/world.ts';

const many = 3000;
const big: Integration = {
  ...fakeTarget('warehouse', 'big'),
  catalog: () => [
    ...Array.from({ length: many }, (_, n) => ({ accessType: 'table', resource: `table-${n}`, label: `Table ${n}` })),
    { accessType: 'schema', resource: 'public', label: 'Public' },
  ],
};

let world: World;
beforeAll(async () => {
  world = await createWorld({ besides: [big] });
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(async () => {
  await world.pool.query(`delete from policies; delete from role_bindings where canonical = 'viv@example.com'`);
});

const run = async (who: string, argv: string, useCases = world.useCases) =>
  useCases.runCommand(await world.caller(who), argv.split(' '), 'p0');
async function list(who: string, argv: string, useCases = world.useCases) {
  const result = await run(who, argv, useCases);
  if (!result.ok || result.value.kind !== 'list') throw new Error(JSON.stringify(result));
  return result.value;
}
/** The keys, starred where they are marked. */
const keys = async (who: string, argv: string, useCases = world.useCases) =>
  (await list(who, argv, useCases)).items.map(({ key, isPreexisting }) => `${isPreexisting ? '*' : ''}${key}`);
const refusal = async (who: string, argv: string) => {
  const result = await run(who, argv);
  return result.ok ? result.value : result.rejection.code;
};

const policy = async (name: string, requestor: object, resource: object, ...approval: object[]) => {
  const document = { name, requestor, resource, approval };
  await world.pool.query('insert into policies (org, name, document) values ($1, $2, $3)', ['demo', name, document]);
};
const any = { type: 'any' };
const user = (name: string) => ({ type: 'user', uid: `${name}@example.com` });
const groupOf = (id: string, directory = 'local') => ({ groups: [{ directory, id, label: id }], effect: 'keep' });
const named = (accessType: string, pattern: string, service = 'pg') => ({
  type: 'integration',
  service,
  accessType,
  filters: { [accessType]: { effect: 'keep', key: 'name', pattern, value: null } },
});
const byReviewers = { type: 'p0' };
const byPlatform = { type: 'group', ...groupOf('platform') };

/** Gives it, and takes it back afterwards. */
async function holding(who: string, resource: string, work: () => Promise<void>): Promise<void> {
  const asked = await run(who, `request pg role ${resource}`);
  if (!asked.ok || asked.value.kind !== 'submitted') throw new Error(JSON.stringify(asked));
  const { id } = asked.value.request;
  await world.useCases.decideRequest(await world.caller('carol'), id, { kind: 'approve', duration: undefined, digest: undefined });
  await world.reconcile();
  await work();
  await world.useCases.relinquishGrant(await world.caller(who), id);
  await world.reconcile();
}

describe('a listing for oneself', () => {
  it('is of everything while no policy is stored', async () => {
    expect(await keys('bob', 'ls')).toEqual(['pg', 'big']);
    expect(await keys('bob', 'ls big')).toEqual(['table', 'schema']);
    expect(await keys('bob', 'ls pg role')).toEqual(['readonly', 'readwrite']);
  });

  it('leaves out what no policy lets one ask for, and what one denies', async () => {
    await policy('readers', user('bob'), named('role', 'read'), byReviewers);
    await policy('never write', any, named('role', 'write$'), { type: 'deny' });
    await policy('one table', user('bob'), named('table', '^table-7$', 'big'), { type: 'persistent' });
    expect(await keys('bob', 'ls pg role')).toEqual(['readonly']);
    expect(await keys('bob', 'ls big table')).toEqual(['table-7']);
    expect(await keys('bob', 'ls big')).toEqual(['table']);
    expect(await keys('erin', 'ls pg role')).toEqual([]);
    expect(await keys('erin', 'ls')).toEqual([]);
    expect(await refusal('erin', 'ls pg rolle')).toBe('unknown-access-type');
  });

  it('leaves in what cannot be told now', async () => {
    await policy('by group', { type: 'group', ...groupOf('dba', 'okta') }, any, byReviewers);
    expect(await keys('bob', 'ls pg role')).toEqual(['readonly', 'readwrite']);
  });

  it('begins with what one holds, also where it may not be asked for any more, and is cut to size last', async () => {
    await holding('bob', 'readwrite', async () => {
      expect(await keys('bob', 'ls pg role')).toEqual(['*readwrite', 'readonly']);
      expect(await list('bob', 'ls pg role --size 1')).toMatchObject({
        isTruncated: true,
        items: [{ key: 'readwrite', isPreexisting: true }],
      });
      await policy('only readonly', any, named('role', 'only'), byReviewers);
      expect(await keys('bob', 'ls pg role')).toEqual(['*readwrite', 'readonly']);
      expect(await keys('erin', 'ls pg role')).toEqual(['readonly']);
    });
    expect(await keys('bob', 'ls pg role')).toEqual(['readonly']);
  });

  it('of thousands of things looks everything up once', async () => {
    await policy('by group', { type: 'group', ...groupOf('platform') }, any, byReviewers);
    await policy('but not these', any, named('table', '9$', 'big'), { type: 'deny' });
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
    const useCases = createUseCases({ ...world.deps, routing: { ...routing, directories } });
    const { items, isTruncated } = await list('dave', 'ls big table --size 5000', useCases);
    expect([items.length, isTruncated]).toEqual([1000, true]);
    expect(items.slice(8, 10).map(({ key }) => key)).toEqual(['table-8', 'table-10']);
    expect(questions).toEqual(['platform dave@example.com']);
  });

  it('of a directory that is away says so once in the log', async () => {
    await policy('by group', { type: 'group', ...groupOf('platform') }, any, byReviewers);
    const { routing } = world.deps;
    const directories: typeof routing.directories = (name) => {
      const directory = routing.directories(name);
      return directory && { ...directory, isMember: () => Promise.reject(new Error('away')) };
    };
    const before = world.lines.length;
    const useCases = createUseCases({ ...world.deps, routing: { ...routing, directories } });
    expect((await list('dave', 'ls big table --size 1000', useCases)).items).toHaveLength(1000);
    expect(world.lines.length - before).toBe(1);
  });
});

describe('a listing for somebody else', () => {
  it('is what they may ask for and hold, for owners, reviewers and viewers', async () => {
    await world.pool.query(
      `insert into role_bindings (org, role, canonical, source) values ('demo', 'viewer', 'viv@example.com', 'configuration')`,
    );
    await holding('bob', 'readwrite', async () => {
      await policy('bob reads', user('bob'), named('role', 'only'), byReviewers);
      for (const who of ['alice', 'carol', 'viv'])
        expect(await keys(who, 'ls pg role --principal bob@example.com')).toEqual(['*readwrite', 'readonly']);
      expect(await keys('alice', 'ls pg role --principal nobody-yet@example.com')).toEqual([]);
      expect(await keys('bob', 'ls pg role --principal bob+tag@example.com')).toEqual(['*readwrite', 'readonly']);
    });
  });

  it('is, for an approver by group, of what they may decide', async () => {
    await policy('platform', any, named('role', 'only'), byPlatform);
    await policy('reviewers', any, any, byReviewers);
    for (const whom of ['bob', 'nobody-yet'])
      expect(await keys('dave', `ls pg role --principal ${whom}@example.com`)).toEqual(['readonly']);
    expect(await keys('dave', 'ls --principal bob@example.com')).toEqual(['pg']);
    expect(await refusal('dave', 'ls big --principal bob@example.com')).toBe('role-required');
    expect(await refusal('erin', 'ls pg role --principal bob@example.com')).toBe('role-required');
    expect(await refusal('alice', 'ls pg role --principal bob')).toBe('invalid-principal');
  });
});

describe('a listing for everyone', () => {
  it('is of all there is, marked where anybody holds it', async () => {
    await holding('bob', 'readwrite', async () => {
      await policy('nobody', any, any, { type: 'deny' });
      expect(await keys('carol', 'ls pg role --all')).toEqual(['*readwrite', 'readonly']);
      expect(await keys('carol', 'ls --all')).toEqual(['pg', 'big']);
    });
    expect(await keys('carol', 'ls pg role --all')).toEqual(['readonly', 'readwrite']);
    expect(await refusal('bob', 'ls pg role --all')).toBe('role-required');
  });

  it('is, for an approver by group, of what they may decide for somebody', async () => {
    await policy('platform for erin', user('erin'), named('role', 'only'), byPlatform);
    await policy('agents', { type: 'agentic', agent: any, user: any }, named('role', 'write'), byPlatform);
    await policy('reviewers', any, any, byReviewers);
    await holding('bob', 'readonly', async () => {
      expect(await keys('dave', 'ls pg role --all')).toEqual(['*readonly']);
    });
    expect(await refusal('erin', 'ls pg role --all')).toBe('role-required');
    expect(await refusal('dave', 'ls big table --all')).toBe('role-required');
  });
});
