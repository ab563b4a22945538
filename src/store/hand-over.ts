import type pg from 'pg';
import { isKnownRight } from './known.ts';

/** Of `grants g`: its right should be there at that moment. `at` is an SQL expression. */
export const isWanted = (
  at: string,
): string => `(g.state = 'active' and g.expires_at > ${at} or g.state = 'planned' and g.provision_until > ${at})
    and (g.recurring is null or g.opens_at <= ${at} and g.closes_at > ${at})`;

const atOnce = 500;

/** What we never called for is not there, and can wait. Whoever holds a right just now looks at it; what that leaves is due again. */
const handOverSql = `
with over as (
  select r.ctid from rights r
  where r.lane = 'give' and r.due_at <= now() and r.baseline = 'absent' and (r.lease_until is null or r.lease_until < now())
    and ${isKnownRight} and not exists (select from grants g where g.org = r.org and g.right_id = r.id and ${isWanted('now()')})
  order by r.due_at limit ${atOnce} for no key update skip locked)
update rights set lane = 'take' where ctid = any (array(select ctid from over)) and lane = 'give'`;

/** @see Store.handOver */
export async function handOver(pool: pg.Pool): Promise<number> {
  let all = 0;
  let some: number;
  do {
    const { rowCount } = await pool.query({ name: 'hand-over', text: handOverSql });
    some = rowCount ?? 0;
    all += some;
  } while (some === atOnce);
  return all;
}
