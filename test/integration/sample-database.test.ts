import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { prepareSampleDatabase } from '../../src/sandbox/sample-database.ts';
import { inDatabase, testDatabase, uniqueName } from '../support/postgres.ts';

const database = uniqueName('sample');
const visitor = uniqueName('visitor');
let adminUrl: string;
let sampleUrl: string;
let visitorUrl: string;
const ask = async (url: string, sql: string) => (await withClient(url, (client) => client.query({ text: sql, rowMode: 'array' }))).rows;
const asMemberOf = async (role: string, work: () => Promise<void>) => {
  await ask(adminUrl, `grant ${role} to ${visitor}`);
  try {
    await work();
  } finally {
    await ask(adminUrl, `revoke ${role} from ${visitor}`);
  }
};

beforeAll(async () => {
  const own = await testDatabase();
  adminUrl = own.adminUrl;
  await own[Symbol.asyncDispose]();
  // The roles are the server's: this makes them, whoever else needs them.
  sampleUrl = (await prepareSampleDatabase(adminUrl, database)).url;
  await ask(adminUrl, `create role ${visitor} login password 'v'`);
  const changed = new URL(inDatabase(adminUrl, database));
  changed.username = visitor;
  changed.password = 'v';
  visitorUrl = changed.href;
});
afterAll(async () => {
  await ask(adminUrl, `drop database ${database} with (force)`);
  await ask(adminUrl, `drop role ${visitor}`);
});

describe('the sample database', () => {
  it('holds a small shop', async () => {
    expect(sampleUrl).toBe(inDatabase(adminUrl, database));
    const counts =
      'select (select count(*)::int from customers), (select count(*)::int from products), (select count(*)::int from orders), (select count(*)::int from order_lines)';
    expect(await ask(sampleUrl, counts)).toEqual([[16, 10, 48, 96]]);
    expect(await ask(sampleUrl, 'select count(*)::int from order_totals where total_cents > 0')).toEqual([[48]]);
  });

  it('has roles that nobody logs in as', async () => {
    const roles = `select rolname, rolcanlogin, rolsuper, rolcreaterole from pg_roles where rolname in ('readonly', 'readwrite') order by 1`;
    expect(await ask(adminUrl, roles)).toEqual([
      ['readonly', false, false, false],
      ['readwrite', false, false, false],
    ]);
  });

  it('refuses a login that is a member of nothing', async () => {
    await expect(ask(visitorUrl, 'select 1')).rejects.toThrow('permission denied for database');
  });

  it('lets readonly look, and no more', async () => {
    await asMemberOf('readonly', async () => {
      expect(await ask(visitorUrl, 'select count(*)::int from order_totals')).toEqual([[48]]);
      for (const sql of [
        'delete from orders',
        `update products set stock = 1`,
        'create table mine ()',
        'create temporary table mine ()',
        'create role other',
      ])
        await expect(ask(visitorUrl, sql), sql).rejects.toThrow('permission denied');
    });
    await expect(ask(visitorUrl, 'select 1')).rejects.toThrow('permission denied for database');
  });

  it('lets readwrite change rows, in later tables too', async () => {
    await ask(sampleUrl, 'create table later (id serial, word text)');
    await asMemberOf('readwrite', async () => {
      expect(await ask(visitorUrl, `insert into later (word) values ('x') returning id`)).toEqual([[1]]);
      const insert = `insert into customers (name, email, city, since) values ('Zoe Zed', 'zoe@shop.example', 'Oslo', '2026-01-01') returning id::int`;
      expect(await ask(visitorUrl, insert)).toEqual([[17]]);
      for (const sql of ['create table mine ()', 'drop table later', 'truncate orders'])
        await expect(ask(visitorUrl, sql), sql).rejects.toThrow(/permission denied|must be owner/);
    });
    await asMemberOf('readonly', async () => {
      expect(await ask(visitorUrl, 'select word from later')).toEqual([['x']]);
    });
  });

  it('can be prepared again and at once, and keeps what was changed', async () => {
    await ask(sampleUrl, `delete from customers where name = 'Zoe Zed'; update products set stock = 99 where id = 1`);
    await ask(sampleUrl, 'alter table orders disable trigger all; delete from order_lines');
    await Promise.all([prepareSampleDatabase(adminUrl, database), prepareSampleDatabase(adminUrl, database)]);
    expect(await ask(sampleUrl, 'select stock, (select count(*)::int from order_lines) from products where id = 1')).toEqual([[99, 0]]);
  });

  it('takes any name for the database', async () => {
    const odd = `${uniqueName('odd')} "' drop role readonly --é`;
    const { url } = await prepareSampleDatabase(adminUrl, odd);
    expect(await ask(url, 'select current_database()')).toEqual([[odd]]);
    await withClient(adminUrl, (client) => client.query(`drop database ${client.escapeIdentifier(odd)}`));
  });
});
