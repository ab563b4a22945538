import { sql } from 'kysely';
import type { Reads, RequestFilter } from '../app/store.ts';
import { canonicalEmail, type Org, parsePersonId } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';
import type { Db } from './database.ts';
import { findPerson } from './people.ts';
import { createRoleReads } from './roles.ts';
import { selectRequests } from './request-rows.ts';

/**
 * The version counts committed changes, so the number of one that was rolled back comes again with another content; the
 * id of the transaction that wrote it does not.
 */
const revision = sql`h.version::text || '.' || h.xmin::text`;

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
    async ruleBook(org) {
      const { rows } = await sql<{ version: string | null; revision: string | null; document: unknown }>`
        select h.version::text as version, ${revision} as revision, p.document
        from (select ${org}::text as org) o left join policy_heads h on h.org = o.org left join policies p on p.org = o.org
        order by p.position`.execute(db);
      return {
        version: rows[0]?.version ?? '0',
        revision: rows[0]?.revision ?? undefined,
        rules: rows.flatMap((row) => (row.document === null ? [] : [row.document as Policy])),
      };
    },
    async ruleRevision(org) {
      const { rows } = await sql<{ revision: string }>`select ${revision} as revision from policy_heads h where org = ${org}`.execute(db);
      return rows[0]?.revision;
    },
    knownPerson: (org, email) => findPerson(db, org, email),
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

/** A part of all requests, as `selectRequests` takes it. */
export function condition(filter: RequestFilter) {
  switch (filter.kind) {
    case 'of':
      return sql`(q.requestor_id = ${filter.person} or q.principal_id = ${filter.person})`;
    case 'among':
      return sql`q.id = any(${filter.ids}::uuid[])`;
    case 'pending':
      return sql`q.state = 'pending'`;
    case 'open':
      return sql`q.requestor_id = ${filter.by} and q.state = 'pending'`;
    case 'chain':
      return sql`(q.id = ${filter.first} or q.first_id = ${filter.first})`;
    case 'access':
      return sql`q.principal_id = ${filter.person} and g.state in ('planned', 'active', 'ending')`;
  }
}
