import { sql } from 'kysely';
import type { Reads, RequestFilter } from '../app/store.ts';
import { canonicalEmail, type Org, parsePersonId } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';
import type { Db } from './database.ts';
import { createRoleReads } from './roles.ts';
import { selectRequests } from './request-rows.ts';

/** Reads that are the same inside and outside a transaction. */
export function createReads(db: Db): Reads {
  return {
    async request(org, id) {
      const [found] = await selectRequests(db, sql`q.org = ${org} and q.id = ${id}`);
      return found;
    },
    async requests(org, filter, limit) {
      return selectRequests(db, sql`q.org = ${org} and ${condition(filter)} order by q.created_at desc, q.id desc limit ${limit}`);
    },
    async settings(org) {
      const row = await db.selectFrom('settings').select('document').where('org', '=', org).executeTakeFirst();
      // Written by us only, from the same type.
      return row === undefined ? defaultSettings : (row.document as Settings);
    },
    async policies(org) {
      const rows = await db.selectFrom('policies').select('document').where('org', '=', org).orderBy('position').execute();
      return rows.map((row) => row.document as Policy);
    },
    roles: createRoleReads(db),
    async hasRole(org, role, person) {
      const row = await db
        .selectFrom('role_bindings')
        .select('role')
        .where('org', '=', org)
        .where('role', '=', role)
        .where('canonical', '=', canonicalEmail(person))
        .executeTakeFirst();
      return row !== undefined;
    },
    async accountHolder(org, integration, account) {
      const row = await findAccount(db, org, integration, account);
      return row === undefined ? undefined : parsePersonId(row.person_id);
    },
    async secretWaits(org, integration, account) {
      const row = await findAccount(db, org, integration, account);
      return row !== undefined && row.secret !== null;
    },
  };
}

const findAccount = (db: Db, org: Org, integration: string, account: string) =>
  db
    .selectFrom('accounts')
    .select(['person_id', 'secret'])
    .where('org', '=', org)
    .where('integration', '=', integration)
    .where('account', '=', account)
    .executeTakeFirst();

function condition(filter: RequestFilter) {
  switch (filter.kind) {
    case 'of':
      return sql`(q.requestor_id = ${filter.person} or q.principal_id = ${filter.person})`;
    case 'among':
      return sql`q.id = any(${filter.ids}::uuid[])`;
    case 'pending':
      return sql`q.state = 'pending'`;
    case 'open':
      return sql`q.requestor_id = ${filter.by} and q.state = 'pending'`;
    case 'access':
      return sql`q.principal_id = ${filter.person} and g.state in ('planned', 'active', 'ending')`;
  }
}
