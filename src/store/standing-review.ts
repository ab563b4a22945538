import { sql } from 'kysely';
import type { StandingReviewReads } from '../app/standing-review-store.ts';
import type { Db } from './database.ts';
import { selectRequests } from './request-rows.ts';

const nearsItsEnd = sql`g.standing and g.state = 'active' and g.expires_at > clock_timestamp()
  and g.expires_at <= clock_timestamp() + least(interval '7 days', g.seconds * interval '1 second' / 10)
  and not exists (select from requests e join grants y on y.org = e.org and y.request_id = e.id
    where e.org = g.org and e.extends = g.request_id and y.state in ('planned', 'active'))`;

export const createStandingReviewReads = (db: Db): StandingReviewReads => ({
  async count(org) {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from grants g where g.org = ${org} and ${nearsItsEnd}`.execute(db);
    return rows[0]?.count ?? 0;
  },
  page(org, after, limit) {
    const beyond =
      after === undefined
        ? sql`true`
        : sql`coalesce((g.expires_at, g.request_id) > (select a.expires_at, a.request_id from grants a
            where a.org = ${org} and a.request_id = ${after}::uuid and a.expires_at is not null), true)`;
    return selectRequests(db, sql`q.org = ${org} and ${nearsItsEnd} and ${beyond} order by g.expires_at, g.request_id limit ${limit}`);
  },
});
