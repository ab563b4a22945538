import { sql } from 'kysely';
import type { HomeReads, OverdueAccess } from '../app/home-store.ts';
import type { PageFrom } from '../domain/page.ts';
import type { Db } from './database.ts';
import { createHomeTabs, overdueGrants } from './home-tabs.ts';
import { condition } from './reads.ts';
import { selectRequests } from './request-rows.ts';

/** The lists of the home tab, in the order of the requests' ids, which is that of their making. */
export const createHomeReads = (db: Db): HomeReads => ({
  tabs: createHomeTabs(db),
  async page(org, list, from, limit) {
    const found = await selectRequests(db, sql`q.org = ${org} and ${condition(list)} and ${beside(from)} limit ${limit}`);
    return isBackwards(from) ? found.toReversed() : found;
  },
  async overdue(org, limit) {
    const { rows } = await sql<{ id: string; problem: string | null; count: number }>`
      select g.request_id as id, r.problem, count(*) over ()::int as count
      from (${overdueGrants}) g join rights r on r.org = g.org and r.id = g.right_id
      where g.org = ${org}
      order by g.since, g.request_id limit ${limit}`.execute(db);
    const ids = rows.map(({ id }) => id);
    const found = ids.length === 0 ? [] : await selectRequests(db, sql`q.org = ${org} and q.id = any(${ids}::uuid[])`);
    const shown = rows.flatMap(({ id, problem }): OverdueAccess[] => {
      const request = found.find((each) => each.id === id);
      return request === undefined ? [] : [{ request, problem: problem ?? undefined }];
    });
    return { count: rows[0]?.count ?? 0, shown };
  },
});

const isBackwards = (from: PageFrom): boolean => from !== 'newest' && 'after' in from;

function beside(from: PageFrom) {
  if (from === 'newest') return sql`true order by q.id desc`;
  return 'before' in from ? sql`q.id < ${from.before}::uuid order by q.id desc` : sql`q.id > ${from.after}::uuid order by q.id`;
}
