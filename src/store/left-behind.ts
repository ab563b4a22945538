import { sql } from 'kysely';

/**
 * CTEs over the rights that are due, or were tried in vain, so that they cost what is wrong and not what there is:
 * - `stuck`: these rights.
 * - `left_behind`: those of them that nothing wants and that a grant which failed (`request_id`, `failed_at`) may have left at the
 *   target: we called for them, and have not seen them gone since.
 */
export const stuckRights = sql`
  stuck as (
    select org, id, integration, access_type, resource, person_id, baseline, quarantine_until, lease_until, attempts, problem from rights
    where lane in ('give', 'take') and due_at <= now()
    union select org, id, integration, access_type, resource, person_id, baseline, quarantine_until, lease_until, attempts, problem from rights
    where attempts > 0 or quarantine_until is not null),
  -- First, and by themselves: in a storm nearly all that are due have a live grant.
  unwanted as materialized (select * from stuck r where r.baseline = 'absent' and not exists (
    select from grants g where g.org = r.org and g.right_id = r.id and g.state in ('planned', 'active', 'ending'))),
  left_behind as (
    select r.*, f.request_id, f.failed_at from unwanted r
    cross join lateral (select g.request_id, g.failed_at from grants g
      where g.org = r.org and g.right_id = r.id and g.state = 'failed' order by g.failed_at desc limit 1) f)`;
