import { expect, it } from 'vitest';
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
