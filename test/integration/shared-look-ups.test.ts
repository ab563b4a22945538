import type { QueryConfig } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStore } from '../../src/store/index.ts';
import { createWorld, org, type World } from '../support/world.ts';

// Keys that are looked up at one time share a statement. Each is still judged by how things stand after it came.

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function makeKey(owner: string): Promise<{ id: string; key: string }> {
  const draft = { name: 'a key', owner: `${owner}@example.com`, scopes: ['command' as const], expiresIn: undefined };
  const made = await world.useCases.keys.create(await world.caller('alice'), draft);
  if (!made.ok) throw new Error(made.rejection.code);
  return { id: made.value.record.id, key: made.value.key };
}

it('tells everybody who they are themselves, and fails nobody for the key of another', async () => {
  const keys = await Promise.all(Array.from({ length: 5 }, async (_, at) => (await makeKey(`user${at}`)).key));
  const revoked = await makeKey('user9');
  await world.pool.query('update api_keys set revoked_at = clock_timestamp() where id = $1', [revoked.id]);
  const strange = (keys[0] ?? '').split('').reverse().join('');
  const asked = Array.from({ length: 40 }, () => [...keys, revoked.key, 'no key', strange]).flat();
  const found = await Promise.all(asked.map((key) => world.store.authenticate(org, key)));
  const expected = asked.map((key) => (keys.includes(key) ? `user${keys.indexOf(key)}@example.com` : undefined));
  expect(found.map((bearer) => bearer?.person.email)).toEqual(expected);
});

it('lets nobody into another organisation', async () => {
  const { key } = await makeKey('user1');
  const [ours, others] = await Promise.all([world.store.authenticate(org, key), world.store.authenticate('other' as typeof org, key)]);
  expect(ours?.person.email).toBe('user1@example.com');
  expect(others).toBeUndefined();
});

it('lets nobody in by an answer that is older than their call', async () => {
  const { id, key } = await makeKey('user2');
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let isFirst = true;
  const pool = new Proxy(world.pool, {
    get: (target, name) =>
      name !== 'query'
        ? Reflect.get(target, name, target)
        : async (query: string | QueryConfig, values?: unknown[]) => {
            const answer = await target.query(query, values);
            if (!isFirst) return answer;
            isFirst = false;
            asked.resolve();
            await gate.promise;
            return answer;
          },
  });
  const store = createStore({ db: world.db, pool, removals: world.pool, gives: world.pool });
  const before = store.authenticate(org, key);
  await asked.promise;
  await world.pool.query('update api_keys set revoked_at = clock_timestamp() where id = $1', [id]);
  const after = store.authenticate(org, key);
  gate.resolve();
  expect((await before)?.key).toBe(id);
  expect(await after).toBeUndefined();
});
