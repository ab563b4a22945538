import { sql } from 'kysely';
import type { AuditChecks, Backlog, Vitals } from '../app/vitals-store.ts';
import { type Instant, instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { lastMoment } from './home-tabs.ts';
import { stuckRights } from './left-behind.ts';

type Row = {
  now: Date;
  overdue: { integration: string; grants: number; seconds: number }[] | null;
  not_given: { integration: string; grants: number; seconds: number }[] | null;
  ambiguous: { integration: string; rights: number }[] | null;
  drifted: { integration: string; count: number }[] | null;
  orphans: { integration: string; count: number }[] | null;
  give: number;
  take: number;
  unsent: number;
  unsent_age: number;
  unsealed: number;
  unsealed_age: number;
  pending: number;
  panics: { running: number; left: number; stalled: number; holding: number };
  verified_at: Date | null;
  flaw: string | null;
};

const age = (at: ReturnType<typeof sql>) => sql`coalesce(greatest(extract(epoch from clock_timestamp() - ${at}), 0), 0)::float8`;

/**
 * One statement. What it costs grows with what is wrong and not with how much access there is: a grant can be past its end, or not be
 * given yet, only where its right is due, or was tried in vain.
 */
export async function readVitals(db: Db): Promise<Omit<Vitals, 'newer'>> {
  const { rows } = await sql<Row>`
    with ${stuckRights},
    overdue as (
      select r.integration, ${lastMoment} as since from stuck r join grants g on g.org = r.org and g.right_id = r.id
      where g.state in ('planned', 'active', 'ending') and ${lastMoment} < clock_timestamp()
      union all select integration, failed_at from left_behind)
    select clock_timestamp() as now,
    (select json_agg(o) from (select integration, count(*)::int as grants, ${age(sql`min(since)`)} as seconds from overdue group by integration) o) as overdue,
    (select json_agg(n) from (
      select r.integration, count(*)::int as grants, ${age(sql`min(greatest(q.decided_at, g.opens_at))`)} as seconds
      from stuck r join grants g on g.org = r.org and g.right_id = r.id join requests q on q.org = g.org and q.id = g.request_id
      where (g.state = 'planned' or g.state = 'active' and g.recurring is not null and coalesce(g.opened_at < g.opens_at, true))
        and (g.recurring is null or g.opens_at <= clock_timestamp() and g.closes_at > clock_timestamp())
      group by r.integration) n) as not_given,
    (select json_agg(a) from (
      select integration, count(*)::int as rights from stuck
      where quarantine_until is not null or lease_until < clock_timestamp() group by integration) a) as ambiguous,
    (select json_agg(d) from (select integration, count(*)::int as count from drifts group by integration) d) as drifted,
    (select json_agg(o) from (select integration, count(*)::int as count from orphans group by integration) o) as orphans,
    (select ${age(sql`min(due_at)`)} from rights where lane = 'give' and due_at <= now()) as give,
    (select ${age(sql`min(due_at)`)} from rights where lane = 'take' and due_at <= now()) as take,
    (select count(*)::int from outbox where sent_at is null) as unsent,
    (select ${age(sql`min(created_at)`)} from outbox where sent_at is null) as unsent_age,
    (select count(*)::int from audit_unsealed) as unsealed,
    (select ${age(sql`min(a.at)`)} from audit a where a.id = (select min(event_id) from audit_unsealed)) as unsealed_age,
    (select count(*)::int from requests where state = 'pending') as pending,
    (select json_build_object('running', count(*), 'left', coalesce(sum(p.expected - p.gone), 0), 'stalled', ${age(sql`min(p.moved_at) filter (where not p.is_waiting)`)},
      'holding', (select count(*) from panics h where h.hold and h.lifted_at is null)) from (
      select n.gone, case when h.marked_at is null then greatest(h.expected, n.found) else n.found end as expected,
        greatest(h.started_at, h.marked_at, n.moved_at) as moved_at,
        -- Of its own nothing is left. Whether what others are ending gets further is said of those.
        h.marked_at is not null and n.gone = n.found as is_waiting
      from panics h cross join lateral (
        select count(*) as found, count(*) filter (where g.state <> 'ending') as gone, greatest(max(g.end_at), max(g.gone_at)) as moved_at
        from grants g where g.org = h.org and g.panic_id = h.id) n
      where h.done_at is null) p) as panics,
    c.verified_at, c.flaw from audit_checks c`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('the row of the audit checks is gone');
  return {
    now: toInstant(row.now),
    overdue: toLate(row.overdue),
    notGiven: toLate(row.not_given),
    ambiguous: new Map((row.ambiguous ?? []).map((each) => [each.integration, each.rights])),
    drifted: new Map((row.drifted ?? []).map((each) => [each.integration, each.count])),
    orphans: new Map((row.orphans ?? []).map((each) => [each.integration, each.count])),
    oldestDueSeconds: { give: row.give, take: row.take },
    outbox: { unsent: row.unsent, oldestSeconds: row.unsent_age },
    audit: {
      unsealed: row.unsealed,
      oldestUnsealedSeconds: row.unsealed_age,
      verifiedAt: row.verified_at === null ? undefined : toInstant(row.verified_at),
      intact: row.flaw === null,
    },
    pendingRequests: row.pending,
    panics: { ...row.panics, stalledSeconds: row.panics.stalled },
  };
}

const toLate = (rows: Row['overdue']) =>
  new Map((rows ?? []).map(({ integration, grants, seconds }) => [integration, { grants, oldestSeconds: seconds }]));

/** For whoever may ask at any time, so it reads no more than it tells. */
export async function readBacklog(db: Db): Promise<Backlog> {
  const { rows } = await sql<Backlog>`select count(*)::int as rights, ${age(sql`min(due_at)`)} as "oldestSeconds"
    from (select due_at from rights where lane = 'take' and due_at <= now() order by due_at limit 1001) due`.execute(db);
  return rows[0] ?? { rights: 0, oldestSeconds: 0 };
}

const toInstant = (date: Date): Instant => instant(date.getTime());

export const createAuditChecks = (db: Db): AuditChecks => ({
  async claim(everySeconds, leaseSeconds) {
    const { rows } = await sql`update audit_checks set claimed_until = clock_timestamp() + ${leaseSeconds} * interval '1 second'
      where (claimed_until is null or claimed_until < clock_timestamp())
        and (verified_at is null or verified_at < clock_timestamp() - ${everySeconds} * interval '1 second') returning 1`.execute(db);
    return rows.length > 0;
  },
  async renew(leaseSeconds) {
    await sql`update audit_checks set claimed_until = clock_timestamp() + ${leaseSeconds} * interval '1 second'`.execute(db);
  },
  async finish(flaw) {
    await sql`update audit_checks set claimed_until = null, verified_at = clock_timestamp(), flaw = ${flaw?.slice(0, 1000) ?? null}`.execute(
      db,
    );
  },
});
