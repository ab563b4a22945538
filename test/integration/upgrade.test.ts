import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { migrate } from '../../src/store/database.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { earlierReleases, earlierSchema, longTransaction } from '../support/earlier-release.ts';
import { testDatabase } from '../support/postgres.ts';

// From an earlier release's schema to this one, while others work with the tables.

/** After it comes 0031, which changes a table that everybody works with. */
const older = '0029-bot-tokens';
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const impatient = { firstPauseMs: 20, longestPauseMs: 50 };
const done = async (url: string): Promise<readonly string[]> =>
  withClient(url, async (client) =>
    (await client.query<{ name: string }>('select name from kysely_migration order by name')).rows.map(({ name }) => name),
  );

describe.each([
  ['reads', 'select from requests limit 1'],
  [
    'writes',
    "update requests set nudges = nudges where false; insert into people (org, id, email, canonical) values ('demo', gen_random_uuid(), 'x@example.com', 'x@example.com')",
  ],
])('while a long transaction %s', (_, statement) => {
  it('holds nobody up for long, and goes on when it is over', async () => {
    await using database = await testDatabase();
    await earlierSchema(database.url, older);
    const long = await longTransaction(database.url, statement);
    let tries = 0;
    const log = { ...silent, warn: () => void (tries += 1) };
    const migrating = migrate(database.url, log, { ...impatient, tries: 1_000 });
    await withClient(database.url, async (client) => {
      // Of a lock that is waited for for long, this would make an error.
      await client.query(`set statement_timeout = '5s'`);
      await expect
        .poll(
          async () => {
            await client.query('select count(*) from requests');
            await client.query('update requests set nudges = nudges + 1');
            return tries;
          },
          { timeout: 60_000 },
        )
        .toBeGreaterThanOrEqual(3);
    });
    expect(await done(database.url)).not.toContain('0031-next-groups');
    await long.end();
    await migrating;
    expect(await done(database.url)).toEqual(Object.keys(migrations).sort());
  });
});

it('says so where a table is in use all the time, has nothing half done, and can be started again', async () => {
  await using database = await testDatabase();
  await earlierSchema(database.url, older);
  const before = await done(database.url);
  const long = await longTransaction(database.url, 'select from requests limit 1');
  await expect(migrate(database.url, silent, { ...impatient, tries: 2 })).rejects.toThrow(
    '0031-next-groups could not be done: another transaction held its tables all the time',
  );
  expect(await done(database.url)).toEqual(before);
  await long.end();
  await migrate(database.url, silent, { ...impatient, tries: 2 });
  expect(await done(database.url)).toEqual(Object.keys(migrations).sort());
});

it.each([['nothing', undefined], ...earlierReleases.map(({ number, newest }) => [`release ${number}`, newest] as const)] as const)(
  'is done once by three processes at once, from %s',
  async (_, newest) => {
    await using database = await testDatabase();
    if (newest !== undefined) await earlierSchema(database.url, newest);
    await Promise.all([1, 2, 3].map(() => migrate(database.url, silent)));
    expect(await done(database.url)).toEqual(Object.keys(migrations).sort());
  },
);

describe('a migration', () => {
  const folder = path.resolve(import.meta.dirname, '../../src/store/migrations');
  const ours = readdirSync(folder).filter((file) => /^\d{4}-/.test(file) && file > '0040');
  it.each(ours)('%s takes nothing away, and reads no table through while it holds it', (file) => {
    const text = readFileSync(path.join(folder, file), 'utf8').toLowerCase();
    // Older processes still use it.
    expect(text).not.toMatch(/drop (table|column)|rename |set not null|alter column \w+ type/);
    const made = [...text.matchAll(/create table (\w+)/g)].map(([, name]) => name);
    for (const [statement, table] of text.matchAll(/alter table (\w+)[^;`]*/g))
      if (!made.includes(table))
        for (const added of statement.split(/\badd (?=constraint|check|foreign key)/).slice(1))
          expect([file, added]).toEqual([file, expect.stringContaining('not valid')]);
  });
});
