import { Kysely, PostgresDialect } from 'kysely';
import { expect, it } from 'vitest';
import { up as warnLiveGrants } from '../../src/store/migrations/0028-warn-live-grants.ts';
import { migrate } from '../../src/store/database.ts';
import { createWorld } from '../support/world.ts';

it('leaves a schema alone that a newer release brought further, and still says where one is broken', async () => {
  await using world = await createWorld();
  const { url } = world.database;
  const { log } = world.deps.routing;
  await world.pool.query(`insert into kysely_migration (name, timestamp) values ('9999-of-a-newer-release', 'now')`);
  await migrate(url, log);
  expect(world.lines.at(-1)).toMatchObject({ level: 'info', fields: { newer: ['9999-of-a-newer-release'] } });
  await world.pool.query(`delete from kysely_migration where name like '0002%'`);
  await expect(migrate(url, log)).rejects.toThrow('migration');
});

it('has access that was there before warnings were looked at, and nothing else', async () => {
  await using world = await createWorld();
  const [alice, bob] = [await world.caller('alice'), await world.caller('bob')];
  const ask = async (resource: string) => {
    const asked = await world.useCases.runCommand(bob, ['request', 'pg', 'role', resource, '--duration', '1h'], '/access');
    if (!asked.ok || asked.value.kind !== 'submitted') throw new Error(JSON.stringify(asked));
    return asked.value.request.id;
  };
  const live = await ask('readonly');
  await world.useCases.decideRequest(alice, live, { kind: 'approve', duration: undefined, digest: undefined });
  await world.reconcile();
  const denied = await ask('readwrite');
  await world.useCases.decideRequest(alice, denied, { kind: 'deny', reason: undefined });
  await world.work.notify(live);
  await world.work.notify(denied);
  await world.pool.query('update requests set notify_at = null');
  await warnLiveGrants(new Kysely({ dialect: new PostgresDialect({ pool: world.pool }) }));
  const due = async () => (await world.pool.query('select id from requests where notify_at <= now()')).rows;
  expect(await due()).toEqual([{ id: live }]);
  // And then it is warned of when it is time for that.
  await world.work.remind();
  await world.work.notify(live);
  const { rows } = await world.pool.query<{ later: boolean }>('select notify_at > now() as later from requests where id = $1', [live]);
  expect(rows).toEqual([{ later: true }]);
});
