import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOrg } from '../../src/domain/ids.ts';
import { bindConfiguredRoles, keepToOneOrg, OtherOrg, setBootstrapKey } from '../../src/store/configured.ts';
import { must } from '../support/http-app.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

/** What a start takes over from the configuration is on record like every other change, and only where it is one. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const alice = email('alice@example.com');
const carol = email('carol@example.com');
const olga = email('olga@example.com');
const secret = 'the bootstrap key of these tests, which is long';

/** What a change leaves in the audit log. */
async function eventsOf(change: () => Promise<unknown>) {
  const before = (await world.audit()).length;
  await change();
  return (await world.audit()).slice(before);
}

describe('owners and reviewers', () => {
  it('are bound and unbound with an event each', async () => {
    const events = await eventsOf(() => bindConfiguredRoles(world.db, org, { owner: [olga], manager: [alice] }));
    expect(events).toHaveLength(3);
    const { version } = await world.store.jitSettings.read(org);
    await bindConfiguredRoles(world.db, org, { owner: [olga], manager: [alice] });
    expect([version, (await world.store.jitSettings.read(org)).version]).toEqual(['1', '1']);
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ action: 'role.bound', data: { role: 'owner', user: 'olga@example.com', source: 'configuration' } }),
        expect.objectContaining({ action: 'role.unbound', data: { role: 'owner', user: 'alice@example.com', source: 'configuration' } }),
        expect.objectContaining({ action: 'role.unbound', data: { role: 'manager', user: 'carol@example.com', source: 'configuration' } }),
      ]),
    );
    for (const { actor } of events) expect(actor).toEqual({ kind: 'system' });
    const { rows } = await world.pool.query('select role, canonical from role_bindings where org = $1 order by 1', [org]);
    expect(rows).toEqual([
      { role: 'manager', canonical: 'alice@example.com' },
      { role: 'owner', canonical: 'olga@example.com' },
    ]);
  });

  it('that stay are no event, in whatever order and spelling they come', async () => {
    const bind = (owner: readonly (typeof alice)[]) => bindConfiguredRoles(world.db, org, { owner, manager: [carol] });
    await bind([olga, alice]);
    expect(await eventsOf(() => bind([email('Alice@Example.com'), alice, olga]))).toEqual([]);
    expect(await eventsOf(() => Promise.all([bind([alice, olga]), bind([olga, alice])]))).toEqual([]);
  });

  it('stay bound by the API where the configuration lets go of them, and the other way round', async () => {
    const { useCases } = world;
    await bindConfiguredRoles(world.db, org, { owner: [alice], manager: [] });
    const owner = await world.caller('alice');
    await useCases.roles.bind(owner, 'manager', { kind: 'user', name: 'carol@example.com' });
    expect(await eventsOf(() => bindConfiguredRoles(world.db, org, { owner: [alice], manager: [carol] }))).toHaveLength(1);
    expect(await eventsOf(() => bindConfiguredRoles(world.db, org, { owner: [alice], manager: [] }))).toHaveLength(1);
    expect(await world.store.hasRole(org, 'manager', carol)).toBe(true);
  });
});

it('lets the first organisation alone start on a database: workers of another would take its rights for their own', async () => {
  const other = must(parseOrg('rival'));
  const first = await Promise.allSettled([keepToOneOrg(world.db, org), keepToOneOrg(world.db, other)]);
  expect(first.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await world.pool.query(`update installation set org = $1`, [org]);
  await keepToOneOrg(world.db, org);
  await expect(keepToOneOrg(world.db, other)).rejects.toThrow(
    new OtherOrg(
      'This database belongs to the organisation “demo”. Give “rival” one of its own: DATABASE_URL, or CURFEW_DATA_DIR where it is embedded.',
    ),
  );
});

describe('the bootstrap key', () => {
  const set = (key: string | undefined, owner = alice) => setBootstrapKey(world.db, org, owner, key);

  it('is made, handed over, replaced and removed with an event each, none of which tells the key', async () => {
    const made = await eventsOf(() => set(secret));
    expect(made).toMatchObject([
      { action: 'key.created', actor: { kind: 'system' }, data: { name: 'bootstrap', owner: 'alice@example.com', expiresAt: null } },
    ]);
    expect(made[0]?.data['scopes']).toContain('keys');

    expect(await eventsOf(() => set(secret, olga))).toMatchObject([
      { action: 'key.changed', actor: { kind: 'system' }, data: { before: { owner: 'alice@example.com' }, owner: 'olga@example.com' } },
    ]);

    const replaced = await eventsOf(() => set(`${secret}, another`, olga));
    expect(replaced.map(({ action }) => action)).toEqual(['key.revoked', 'key.created']);
    expect(replaced[0]?.data['key']).toBe(made[0]?.data['key']);

    expect(await eventsOf(() => set(undefined, olga))).toMatchObject([
      { action: 'key.revoked', actor: { kind: 'system' }, data: { key: replaced[1]?.data['key'], owner: 'olga@example.com' } },
    ]);
    expect(JSON.stringify(await world.audit())).not.toContain(secret);
  });

  it('that stays is no event, nor is one that is not there, nor one that was revoked', async () => {
    expect(await eventsOf(() => set(undefined))).toEqual([]);
    await set(secret);
    expect(await eventsOf(() => Promise.all([set(secret), set(secret)]))).toEqual([]);
    const [key] = await world.store.keys.list(org);
    await world.store.transaction((tx) => tx.keys.revoke({ kind: 'system' }, org, key?.id ?? ''));
    expect(await eventsOf(() => set(secret, olga))).toEqual([]);
    expect(await world.store.authenticate(org, secret)).toBeUndefined();
  });

  it('is written down once by processes that start together', async () => {
    const events = await eventsOf(() => Promise.all([set('together, long enough'), set('together, long enough')]));
    expect(events.map(({ action }) => action)).toEqual(['key.created']);
  });
});
