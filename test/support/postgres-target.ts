import pg from 'pg';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { instant } from '../../src/domain/time.ts';
import { createPostgresIntegration, type PostgresConfig } from '../../src/integrations/postgres.ts';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { testDatabase, uniqueName } from './postgres.ts';
import type { TargetPlace } from './target-place.ts';

export const id = pg.escapeIdentifier;
export const inAnHour = () => instant(Date.now() + 3_600_000);

/** A database with a table and two roles over it, and what a test needs to look at it from outside. */
export async function postgresTarget() {
  const database = await testDatabase();
  const roles = [uniqueName('readonly'), uniqueName('readwrite')] as const;
  const accounts: string[] = [];
  const asAdmin = async (sql: string, values: unknown[] = []) =>
    withClient(database.url, async (client) => (await client.query<Record<string, unknown>>(sql, values)).rows);
  await asAdmin(
    `create table orders (id int); insert into orders values (7); create role ${id(roles[0])}; create role ${id(roles[1])};
     grant select on orders to ${id(roles[0])}; grant select, insert on orders to ${id(roles[1])}`,
  );
  const config: PostgresConfig = {
    name: 'sample',
    url: database.url,
    roles,
    user: '{local}',
    createLogins: true,
    org: 'demo',
    drift: 'alert',
    driftEvery: 300 as DurationSeconds,
  };
  const urlOf = (account: string, password: string) => {
    const url = new URL(database.url);
    url.username = account;
    url.password = password;
    return url.href;
  };
  return {
    ...database,
    roles,
    asAdmin,
    integration: (changed: Partial<PostgresConfig> = {}) => createPostgresIntegration({ ...config, ...changed }),
    account(prefix = 'bob') {
      const account = uniqueName(prefix);
      accounts.push(account);
      return account;
    },
    right: (account: string, which: 0 | 1 = 0) => ({ accessType: 'role', resource: roles[which], account }),
    urlOf,
    logIn: async (account: string, password: string) => {
      const client = new pg.Client({ connectionString: urlOf(account, password) });
      const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
      client.on('error', () => undefined); // being cut off is what the tests are about
      await client.connect();
      return { client, ended };
    },
    async role(account: string) {
      const [row] = await asAdmin(
        `select rolcanlogin as login, rolvaliduntil as until, rolpassword as password, shobj_description(oid, 'pg_authid') as tag,
           (select count(*)::int from pg_auth_members m where m.member = a.oid) as memberships
         from pg_authid a where rolname = $1`,
        [account],
      );
      return row;
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await withClient(database.adminUrl, async (client) => {
        for (const name of [...accounts, ...roles]) await client.query(`drop role if exists ${id(name)}`);
      });
    },
  };
}

/** The same, as the contract's suite wants it. */
export async function postgresPlace(): Promise<TargetPlace> {
  const target = await postgresTarget();
  return {
    url: target.url,
    changes: 'curfew.call',
    integration: (url = target.url) => target.integration({ url }),
    account: () => target.account(),
    right: target.right,
    async uses(right, password) {
      try {
        const { client } = await target.logIn(right.account, password);
        const { rows } = await client.query('select id from orders');
        await client.end();
        return rows.length === 1;
      } catch {
        return false;
      }
    },
    async opens(right, password) {
      const { client, ended } = await target.logIn(right.account, password);
      await client.query(`set role ${id(right.resource)}`);
      return { cut: ended };
    },
    async giveBehindOurBack(right) {
      await target.asAdmin(
        `create role ${id(right.account)} login password 'their-own-password'; grant ${id(right.resource)} to ${id(right.account)}`,
      );
    },
    takeBehindOurBack: async (right) => void (await target.asAdmin(`revoke ${id(right.resource)} from ${id(right.account)}`)),
    async occupy(right) {
      const client = new pg.Client({ connectionString: target.url });
      await client.connect();
      await client.query(`begin; alter role ${id(right.account)} connection limit 3`);
      return { [Symbol.asyncDispose]: async () => client.end() };
    },
    [Symbol.asyncDispose]: target[Symbol.asyncDispose],
  };
}
