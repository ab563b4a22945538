import { sql } from 'kysely';
import type { BreakGlassReads, BreakGlassWrites } from '../app/break-glass-store.ts';
import { parseRequestId } from '../domain/ids.ts';
import { timestamp } from './clock.ts';
import type { Db } from './database.ts';
import { auditFrom, notifyFrom, rulesData } from './journal.ts';
import { selectRequests } from './request-rows.ts';

export const createBreakGlassReads = (db: Db): BreakGlassReads => ({
  async owed(org, person) {
    const { rows } = await sql<{ id: string }>`
      select b.request_id as id from break_glass b join grants g on g.org = b.org and g.request_id = b.request_id
      where b.org = ${org} and b.person_id = ${person} and b.blocks and g.state <> 'failed'`.execute(db);
    return rows[0] === undefined ? undefined : parseRequestId(rows[0].id);
  },
  async unreviewed(org, { besides, limit }) {
    const { rows } = await sql<{ id: string; count: number }>`
      select request_id as id, count(*) over ()::int as count from break_glass
      where org = ${org} and reviewed_at is null and person_id <> ${besides} order by request_id limit ${limit}`.execute(db);
    const ids = rows.map(({ id }) => id);
    const shown = ids.length === 0 ? [] : await selectRequests(db, sql`q.org = ${org} and q.id = any(${ids}::uuid[]) order by q.id`);
    return { count: rows[0]?.count ?? 0, shown };
  },
});

export const createBreakGlassWrites = (tx: Db): BreakGlassWrites => ({
  owed: (org, person) => createBreakGlassReads(tx).owed(org, person),
  async use(actor, { org, id, principal, reason }, { at, duration, rules }) {
    // What failed goes on owing its review, and does not stand in the way.
    await sql`update break_glass b set blocks = false from grants g
      where b.org = ${org} and b.person_id = ${principal.id} and b.blocks
        and g.org = b.org and g.request_id = b.request_id and g.state = 'failed'`.execute(tx);
    await sql`with t as (
        insert into break_glass (org, request_id, person_id, used_at) values (${org}, ${id}, ${principal.id}, ${timestamp(at)})
        returning org, request_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'breakglass.used', actor, sql`${JSON.stringify(rulesData(rules, { reason, seconds: duration }))}::jsonb`)}),
      o as (${notifyWaiting(org, principal.id)})
      ${notifyFrom('t')}`.execute(tx);
  },
  async review(actor, { org, id }, { by, at, note }) {
    await sql`with t as (
        update break_glass set reviewed_at = ${timestamp(at)}, reviewed_by = ${by.id}, note = ${note}, blocks = false
        where org = ${org} and request_id = ${id} and reviewed_at is null
        returning org, request_id, person_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'breakglass.reviewed', actor, sql`${JSON.stringify({ note })}::jsonb`)}),
      o as (${notifyWaiting(org, sql`(select person_id from t)`)})
      ${notifyFrom('t')}`.execute(tx);
  },
});

/** What else they wait for can be taken at once no longer, or again. */
const notifyWaiting = (org: string, person: unknown) => sql`insert into outbox (org, kind, subject)
  select q.org, 'notify', q.id from requests q where q.org = ${org} and q.requestor_id = ${person} and q.state = 'pending'`;
