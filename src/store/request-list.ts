import { type RawBuilder, sql } from 'kysely';
import type { Store } from '../app/store.ts';
import { canonicalEmail, type Org } from '../domain/ids.ts';
import type { Permission, WireStatus } from '../domain/request.ts';
import type { Db } from './database.ts';
import { selectRequests } from './request-rows.ts';

const owesReview = sql`(bg.used_at is not null and bg.reviewed_at is null)`;
/** The same by the request's own id: beside conditions that each have an index, one on another table has all requests read. */
const isAmongUnreviewed = (org: Org) =>
  sql`q.id = any (array(select u.request_id from break_glass u where u.org = ${org} and u.reviewed_at is null))`;

/** Any part of all requests, in the order of their ids, which is that of their making. */
export const createRequestPage =
  (db: Db): Store['requestPage'] =>
  (org, { of, orPending, status, principal, requestor, service, since, breakGlass, before, limit }) =>
    selectRequests(
      db,
      sql`q.org = ${org}
        and ${given(of, (id) => sql`(q.requestor_id = ${id} or q.principal_id = ${id} or (${orPending} and (q.state = 'pending' or ${isAmongUnreviewed(org)})))`)}
        and ${given(status, (wanted) => hasStatus[wanted])}
        and ${given(principal, (email) => sql`b.canonical = ${canonicalEmail(email)}`)}
        and ${given(requestor, (email) => sql`a.canonical = ${canonicalEmail(email)}`)}
        and ${given(service, (name) => sql`q.service = ${name}`)}
        and ${given(since, (at) => sql`q.created_at >= to_timestamp(${at / 1000}::float8)`)}
        and ${given(breakGlass, (which) => (which === 'used' ? sql`bg.used_at is not null` : owesReview))}
        and ${given(before, (id) => sql`q.id < ${id}::uuid`)}
        order by q.id desc limit ${limit}`,
    );

/** What people have by grants that are active. */
export const createHeld =
  (db: Db): Store['held'] =>
  async (org, person) => {
    const { rows } = await sql<Permission>`
      select distinct q.integration, q.service, q.access_type as "accessType", q.resource
      from requests q join grants g on g.org = q.org and g.request_id = q.id
      where q.org = ${org} and g.state = 'active' and (g.recurring is null or g.opened_at is not null) and ${given(person, (id) => sql`q.principal_id = ${id}`)}`.execute(
      db,
    );
    return rows;
  };

const given = <T>(value: T | undefined, condition: (value: T) => RawBuilder<unknown>) =>
  value === undefined ? sql`true` : condition(value);

/** What `wireStatus` says, in SQL. */
const hasStatus: Readonly<Record<WireStatus, RawBuilder<unknown>>> = {
  NEW: sql`q.state = 'pending'`,
  APPROVED: sql`g.state = 'planned'`,
  DONE: sql`g.state in ('active', 'ending')`,
  DENIED: sql`q.state in ('denied', 'cancelled')`,
  ERRORED: sql`g.state = 'failed'`,
  EXPIRED: sql`(q.state = 'lapsed' or (g.state = 'ended' and g.end_kind = 'expired'))`,
  REVOKED: sql`(g.state = 'ended' and g.end_kind <> 'expired')`,
};
