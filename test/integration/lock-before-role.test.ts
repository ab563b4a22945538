import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PoolClient } from 'pg';
import type { Caller } from '../../src/app/ports.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, org, type World } from '../support/world.ts';

/** Whoever waits for a lock is asked for their role once they have it: it may be gone by then (I7). */

let world: World;
let alice: Caller;
let bob: Caller;
let other: PoolClient;
beforeAll(async () => {
  world = await createWorld();
  [alice, bob] = await Promise.all([world.caller('alice', 'api'), world.caller('bob', 'api')]);
});
beforeEach(async () => {
  await world.pool.query(`delete from settings; delete from policies; delete from role_bindings where source = 'api'`);
  await world.pool.query(`insert into role_bindings (org, role, canonical, source) values ('demo', 'owner', 'bob@example.com', 'api')`);
  other = await world.pool.connect();
});
afterEach(() => other.release());
afterAll(() => world[Symbol.asyncDispose]());

const code = (result: Result<unknown>) => (result.ok ? 'ok' : result.rejection.code);
const roleLock = `select pg_advisory_xact_lock(hashtext('curfew configuration'))`;
const user = (name: string) => ({ kind: 'user', name: `${name}@example.com` }) as const;
const policy: Policy = { name: 'rule', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'deny' }] };

async function waiting(count: number): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await world.pool.query(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rows).toEqual([{ count }]);
  }, 5_000);
}

/** Something is held, the works begin one after the other and wait, and then it is let go. */
async function behind(held: string, works: readonly (() => Promise<Result<unknown>>)[]): Promise<readonly string[]> {
  await other.query('begin');
  await other.query(held);
  const results: Promise<Result<unknown>>[] = [];
  try {
    for (const [index, work] of works.entries()) {
      results.push(work());
      await waiting(index + 1);
    }
  } finally {
    await other.query('commit');
  }
  return (await Promise.all(results)).map(code);
}

const unbindBob = () => world.useCases.roles.unbind(alice, 'owner', user('bob'));
const changes = {
  settings: () => world.useCases.settings.addOption(bob, { time: 7, unit: 'm' }, 'any'),
  policies: () => world.useCases.policies.create(bob, 'rule', policy),
  roles: () => world.useCases.roles.bind(bob, 'owner', user('mallory')),
  keys: () => world.useCases.keys.create(bob, { name: 'a key', owner: 'bob@example.com', scopes: ['settings'], expiresIn: undefined }),
  webhooks: () =>
    world.useCases.webhooks.create(bob, {
      url: 'https://hooks.example.com/x',
      events: undefined,
      description: undefined,
      enabled: undefined,
    }),
};

describe('an owner who is being removed', () => {
  it.each(Object.entries(changes))('changes no %s behind that', async (_, change) => {
    expect(await behind(roleLock, [unbindBob, change])).toEqual(['ok', 'role-required']);
  });

  it('does not get back in by what they had queued', async () => {
    const bind = (name: string) => () => world.useCases.roles.bind(bob, 'owner', user(name));
    const results = await behind(roleLock, [unbindBob, bind('bob'), bind('mallory'), bind('trudy')]);
    expect(results).toEqual(['ok', 'role-required', 'role-required', 'role-required']);
  });

  it('takes away neither keys nor webhooks', async () => {
    const made = [await changes.keys(), await changes.webhooks()];
    expect(made.map(code)).toEqual(['ok', 'ok']);
    const [key] = await world.store.keys.list(org);
    const [webhook] = await world.store.webhooks.list(org);
    const revoke = () => world.useCases.keys.revoke(bob, key?.id ?? '');
    const remove = () => world.useCases.webhooks.remove(bob, webhook?.id ?? '');
    const rotate = () => world.useCases.webhooks.rotateSecret(bob, webhook?.id ?? '');
    const results = await behind(roleLock, [unbindBob, revoke, remove, rotate]);
    expect(results).toEqual(['ok', 'role-required', 'role-required', 'role-required']);
  });

  it('is removed after what they had begun', async () => {
    const settingsLock = `select pg_advisory_xact_lock(hashtext('curfew settings'), hashtext('demo'))`;
    expect(await behind(settingsLock, [changes.settings, unbindBob])).toEqual(['ok', 'ok']);
    const actions = (await world.audit()).map(({ action }) => action);
    expect(actions.slice(-2)).toEqual(['settings.changed', 'role.unbound']);
  });
});

it('refuses whoever is no owner without waiting', async () => {
  const dave = await world.caller('dave', 'api');
  await other.query('begin');
  await other.query(roleLock);
  const change = world.useCases.roles.bind(dave, 'owner', user('dave'));
  await expect(change).resolves.toMatchObject({ ok: false, rejection: { code: 'role-required' } });
  await other.query('commit');
});

it('holds no settings while it waits for a person', async () => {
  const ask = () =>
    world.useCases.submitRequest(bob, {
      right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
      reason: 'look at orders',
      duration: 300 as DurationSeconds,
      to: undefined,
    });
  expect(code(await ask())).toBe('ok');
  await other.query('begin');
  await other.query(`select from people where canonical = 'bob@example.com' for update`);
  // Asked again, so that it takes a transaction.
  const again = ask();
  await waiting(1);
  const held = await advisoryLocks();
  await other.query('commit');
  expect(held).toEqual([]);
  expect(code(await again)).toBe('ok');
});

it.each([
  ['asks', 'grant|pg|role|readonly'],
  ['approves beforehand', 'allow|pg|role|readonly|--length|1h'],
])('holds nothing while somebody else makes the person known whom an owner %s for', async (_what, argv) => {
  const name = `${argv.split('|')[0]}-new@example.com`;
  await other.query('begin');
  await other.query(`insert into people (org, id, email, canonical) values ('demo', gen_random_uuid(), $1, $1)`, [name]);
  const done = world.useCases.runCommand(alice, [...argv.split('|'), '--to', name], '/access');
  await waiting(1);
  const held = await advisoryLocks();
  const { rows } = await world.pool.query(`select from people where canonical = 'alice@example.com' for update skip locked`);
  await other.query('commit');
  expect(held).toEqual([]);
  expect(rows).toHaveLength(1);
  expect(code(await done)).toBe('ok');
});

async function advisoryLocks(): Promise<readonly object[]> {
  const { rows } = await world.pool.query(`select from pg_locks join pg_database on pg_database.oid = database
    where datname = current_database() and locktype = 'advisory'`);
  return rows;
}
