import { sql } from 'kysely';
import type { StandingAccessReads } from '../app/pre-approvals-store.ts';
import type { Db } from './database.ts';
import { selectRequests } from './request-rows.ts';

export function createStandingAccessReads(db: Db): StandingAccessReads {
  return {
    page: (org, { person, before, limit }) =>
      selectRequests(
        db,
        sql`q.org = ${org} and g.standing and g.state in ('planned', 'active', 'ending')
          and ${person === undefined ? sql`true` : sql`(q.requestor_id = ${person} or q.principal_id = ${person})`}
          and ${before === undefined ? sql`true` : sql`q.id < ${before}::uuid`} order by q.id desc limit ${limit}`,
      ),
  };
}
