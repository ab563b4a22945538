import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPolicySets, type PolicySets } from '../../src/app/policy-sets.ts';
import { createRouter } from '../../src/app/routing.ts';
import type { Actor } from '../../src/app/store.ts';
import type { Org } from '../../src/domain/ids.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const system: Actor = { kind: 'system' };
const rule = (type: 'p0' | 'deny'): Policy => ({
  name: 'rule',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [{ type }],
});

async function put(policy: Policy | undefined): Promise<void> {
  await world.store.transaction(async (tx) => {
    await tx.policyBook.lock(org);
    await tx.policyBook.change(system, org, [{ name: 'rule', policy }], false);
  });
}

/** One process: its own policies in memory, and how often it read them all. */
function processOf(): { outcome(): Promise<string>; reads(): number; sets: PolicySets } {
  let count = 0;
  const policies = createPolicySets();
  const sets: PolicySets = (reads, which) =>
    policies(
      {
        ruleRevision: (each) => reads.ruleRevision(each),
        ruleBook: (each) => {
          count++;
          return reads.ruleBook(each);
        },
      },
      which,
    );
  const router = createRouter({ ...world.deps.routing, policies: sets });
  return {
    sets,
    reads: () => count,
    async outcome() {
      const { person } = await world.caller('bob');
      const permission = { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' };
      return (await router(world.store, { org, principal: person, permission })).kind;
    },
  };
}

beforeEach(() => put(rule('p0')));

it('reads the policies once for many decisions, together and one after the other', async () => {
  const one = processOf();
  expect(await Promise.all([one.outcome(), one.outcome(), one.outcome()])).toEqual(['ask', 'ask', 'ask']);
  expect(await one.outcome()).toBe('ask');
  expect(one.reads()).toBe(1);
});

it('obeys a change by another process at the next decision', async () => {
  const [one, other] = [processOf(), processOf()];
  expect([await one.outcome(), await other.outcome()]).toEqual(['ask', 'ask']);
  await put(rule('deny'));
  expect([await one.outcome(), await other.outcome()]).toEqual(['deny', 'deny']);
  await put({ ...rule('p0'), disabled: true });
  expect([await other.outcome(), await one.outcome()]).toEqual(['none', 'none']);
  await put(undefined);
  expect([await one.outcome(), await other.outcome()]).toEqual(['ask', 'ask']);
});

it('never shows outside what was rolled back, though its version comes again', async () => {
  const one = processOf();
  expect(await one.outcome()).toBe('ask');
  const inside: (string | undefined)[] = [];
  const stop = new Error('rolled back on purpose');
  const undone = world.store.transaction(async (tx) => {
    await tx.policyBook.lock(org);
    await tx.policyBook.change(system, org, [{ name: 'rule', policy: rule('deny') }], false);
    const { all, version } = await one.sets(tx, org);
    inside.push(all[0]?.approval[0]?.type, version, await tx.ruleRevision(org));
    throw stop;
  });
  await expect(undone).rejects.toBe(stop);
  expect(inside[0]).toBe('deny');
  expect(await one.outcome()).toBe('ask');
  await put({ ...rule('p0'), disabled: true });
  const { version } = await one.sets(world.store, org);
  expect(version).toBe(inside[1]);
  expect(await world.store.ruleRevision(org)).not.toBe(inside[2]);
  expect(await one.outcome()).toBe('none');
});

it('reads again by itself where whoever was reading for it failed', async () => {
  const sets = createPolicySets();
  const [reading, joined, broken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<never>()];
  let revisions = 0;
  let books = 0;
  const reads = {
    async ruleRevision(which: Org) {
      const revision = await world.store.ruleRevision(which);
      if (++revisions === 2) setImmediate(joined.resolve);
      return revision;
    },
    ruleBook(which: Org) {
      if (++books > 1) return world.store.ruleBook(which);
      reading.resolve();
      return broken.promise;
    },
  };
  const first = sets(reads, org);
  await reading.promise;
  const second = sets(reads, org);
  await joined.promise;
  expect(books).toBe(1);
  broken.reject(new Error('the connection broke'));
  await expect(first).rejects.toThrow('the connection broke');
  expect(await second).toMatchObject({ all: [{ name: 'rule' }] });
});

it('never lets a transaction wait for a reading that still needs a connection', async () => {
  const sets = createPolicySets();
  const [reading, connected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const pooled = sets(
    {
      ruleRevision: (which) => world.store.ruleRevision(which),
      async ruleBook(which) {
        reading.resolve();
        await connected.promise;
        return world.store.ruleBook(which);
      },
    },
    org,
  );
  await reading.promise;
  const held = await world.store.transaction((tx) => sets(tx, org));
  connected.resolve();
  expect(held.all).toEqual((await pooled).all);
});

it('never lets anybody wait for a reading in line at another pool', async () => {
  const sets = createPolicySets();
  const [reading, connected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const behind = {
    ruleRevision: (which: Org) => world.store.ruleRevision(which),
    async ruleBook(which: Org) {
      reading.resolve();
      await connected.promise;
      return world.store.ruleBook(which);
    },
  };
  const waiting = sets(behind, org);
  await reading.promise;
  const mine = await sets(world.store, org);
  connected.resolve();
  expect(mine.all).toEqual((await waiting).all);
});

it('lets others run while thousands of policies are filed', async () => {
  const rules = Array.from({ length: 2_000 }, (_, at) => ({ ...rule('p0'), name: `rule ${at}` }));
  const sets = createPolicySets();
  let turns = 0;
  let loading = true;
  const tick = (): void => {
    turns++;
    if (loading) setImmediate(tick);
  };
  tick();
  await sets({ ruleRevision: async () => '1.1', ruleBook: async () => ({ version: '1', revision: '1.1', rules }) }, org);
  loading = false;
  expect(turns).toBeGreaterThan(5);
});

it('asks the default approvers only while nothing is stored', async () => {
  const elsewhere: Policy = { ...rule('p0'), resource: { type: 'integration', service: 'elsewhere' } };
  await put(elsewhere);
  const one = processOf();
  expect(await one.outcome()).toBe('none');
});
