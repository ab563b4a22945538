import type pg from 'pg';
import type { Aftermath, Claim, ClaimTargets, Settlement } from '../app/store.ts';
import { parseOrg, parseRightId } from '../domain/ids.ts';
import { callDeadlineMs, landingMs, leaseMs } from '../domain/right.ts';
import { type Instant, instant } from '../domain/time.ts';
import { isWanted } from './hand-over.ts';
import { isKnownRight } from './known.ts';
import { newestMigration } from './newer.ts';

/**
 * Claims and write-backs of rights: the hot path of expiry, so hand-written, named (prepared once per connection),
 * one statement for a whole batch. Rows are claimed by `ctid`, whose plan cannot flip to a sequential scan.
 */

/** So long a right at a target that is not known here is left to processes that may know it; then it is taken and reported. */
const strangersFirstMs = 30_000;

const claimSql = `
with due as (
  select ctid from rights r
  where lane = $1 and due_at <= now() and (lease_until is null or lease_until < now())
    and ${isKnownRight} and (select migration from schema_min) <= $7
    and ($8::text[] is null or integration = any ($8)
      or integration <> all ($9::text[]) and due_at <= now() - interval '${strangersFirstMs} milliseconds')
  order by due_at limit $2 for update skip locked),
claimed as (
  update rights set
    -- R3: the claim before this one was never written back, so its call may still land.
    quarantine_until = case when lease_owner is null then quarantine_until
      else greatest(quarantine_until, call_started + $4::float8 * interval '1 millisecond') end,
    lease_owner = $3, lease_until = clock_timestamp() + $5::float8 * interval '1 millisecond',
    fence = fence + 1, observed = 'unknown', call_started = clock_timestamp()
  -- "is true" keeps the planner from the index of what is due: with many due, it would read them all for each batch.
  where ctid = any (array(select ctid from due)) and (due_at <= now() and (lease_until is null or lease_until < now())) is true
  returning *)
select c.org, c.id, c.integration, c.access_type, c.resource, c.account, c.fence, c.generation, c.baseline, c.call_started,
  c.quarantine_until, case when c.settled_for = case when live.until is null then 'absent' else 'present' end then c.attempts else 0 end as attempts, live.until
from claimed c
left join lateral (
  select max(case when g.state = 'active' then least(g.expires_at, g.closes_at)
                  else least(g.latest_end, g.closes_at, clock_timestamp() + g.seconds * interval '1 second' + $6::float8 * interval '1 millisecond') end) as until
  from grants g
  where g.org = c.org and g.right_id = c.id
    and ${isWanted('c.call_started')}) live on true`;

type ClaimRow = {
  org: string;
  id: string;
  integration: string;
  access_type: string;
  resource: string;
  account: string;
  fence: string;
  generation: string;
  baseline: 'absent' | 'present' | null;
  call_started: Date;
  quarantine_until: Date | null;
  attempts: number;
  until: Date | null;
};

export async function claimRights(
  pool: pg.Pool,
  worker: string,
  lane: 'give' | 'take',
  limit: number,
  targets: ClaimTargets | undefined,
): Promise<readonly Claim[]> {
  const { rows } = await pool.query<ClaimRow>({
    name: 'claim-rights',
    text: claimSql,
    values: [lane, limit, worker, landingMs, leaseMs, callDeadlineMs, newestMigration, targets?.open ?? null, targets?.known ?? null],
  });
  return rows.map(toClaim);
}

function toClaim(row: ClaimRow): Claim {
  const org = parseOrg(row.org);
  const rightId = parseRightId(row.id);
  if (org === undefined || rightId === undefined) throw new Error('a right is stored with an id that cannot exist');
  return {
    org,
    rightId,
    integration: row.integration,
    target: { accessType: row.access_type, resource: row.resource, account: row.account },
    fence: row.fence,
    generation: row.generation,
    desired: row.until === null ? 'absent' : 'present',
    baseline: row.baseline ?? undefined,
    state: {
      observed: 'unknown',
      callStarted: toInstant(row.call_started),
      quarantineUntil: row.quarantine_until === null ? undefined : toInstant(row.quarantine_until),
      attempts: row.attempts,
    },
    until: row.until === null ? undefined : toInstant(row.until),
  };
}

const toInstant = (date: Date): Instant => instant(date.getTime());

export async function recordBaseline(pool: pg.Pool, worker: string, claim: Claim, observed: 'absent' | 'present'): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'record-baseline',
    text: `update rights set baseline = $5 where org = $1 and id = $2 and lease_owner = $3 and fence = $4`,
    values: [claim.org, claim.rightId, worker, claim.fence, observed],
  });
  return rowCount === 1;
}

/**
 * Rights first, then grants: the lock order of every transition.
 *
 * A grant is finished only by an observation that a call made after it stopped being wanted (`call_started`), and is
 * told as "gone" only then (I18). Whatever changed meanwhile has raised `generation`, which leaves the right due.
 */
const settleSql = `
-- One reading of the clock for all: two could straddle a second, and an end would be later than it may be.
with clock as materialized (select clock_timestamp() as at),
input as (
  select * from unnest($2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::int[], $11::text[], $12::int[], $13::boolean[], $14::jsonb[], $15::boolean[])
    as i (org, id, fence, generation, desired, observed, quarantine_until, retry_at, attempts, problem, sessions_ended, hopeless, said, sessions_go_on)),
held as (
  select r.org, r.id, r.integration, r.call_started, r.baseline, i.generation, i.desired, i.observed, i.quarantine_until, i.retry_at, i.attempts,
    i.problem, i.sessions_ended, i.hopeless, i.said, i.sessions_go_on, clock.at
  from clock cross join rights r join input i on i.org = r.org and i.id = r.id
  -- In one expression: alone, the owner of a lease looks so rare to the planner (at rest nobody has one) that it reads the whole
  -- table for it, and compares what it finds with each of the batch.
  where case when r.lease_owner = $1 then r.fence end = i.fence
  order by r.id for update of r),
outcomes as (
  select g.org, g.id, h.integration, h.at, h.call_started, h.desired, h.baseline, h.problem, h.sessions_ended, h.said, h.desired = 'absent' and h.sessions_go_on as go_on,
    -- Without a baseline there was no call to make: it was not given yet, or had been taken away before.
    h.desired = 'absent' and h.baseline is null as untouched, case
      when g.state = 'planned' and (g.provision_until <= h.call_started or h.hopeless) then 'failed'
      when g.state = 'planned' and inside.hours and h.desired = 'present' and h.observed = 'present' then 'active'
      when h.observed <> h.desired then null
      when g.state = 'ending' and g.end_at <= h.call_started or g.state = 'active' and g.expires_at <= h.call_started then 'ended'
      -- A grant with hours stays active while they are closed; what changes is whether the right is there.
      when g.state = 'active' and g.recurring is not null and coalesce(g.opened_at < g.opens_at, true) and inside.hours and h.desired = 'present' then 'opened'
      when g.state = 'active' and g.opened_at is not null and not inside.hours then 'closed' end as outcome
  from held h join grants g on g.org = h.org and g.right_id = h.id and g.state in ('planned', 'active', 'ending')
  cross join lateral (select g.recurring is null or g.opens_at <= h.call_started and g.closes_at > h.call_started as hours) inside),
moved as (
  update grants g set
    state = case when o.outcome in ('opened', 'closed') then g.state else o.outcome end,
    opened_at = case when o.outcome in ('active', 'opened') and g.recurring is not null then o.at when o.outcome <> 'closed' then g.opened_at end,
    -- Where the next hours are known already, it stands there since.
    closed_at = case when o.outcome = 'closed' and g.closes_at <= o.call_started then g.closes_at else g.closed_at end,
    granted_at = case o.outcome when 'active' then o.at else g.granted_at end,
    expires_at = case o.outcome when 'active' then least(date_trunc('second', o.at + g.seconds * interval '1 second'), g.latest_end) else g.expires_at end,
    failed_at = case o.outcome when 'failed' then o.at end,
    why = case o.outcome when 'failed' then coalesce(o.problem, 'the target did not confirm it in time') end,
    end_kind = case when o.outcome = 'ended' and g.state = 'active' then 'expired' else g.end_kind end,
    end_at = case when o.outcome = 'ended' and g.state = 'active' then g.expires_at else g.end_at end,
    gone_at = case o.outcome when 'ended' then o.at end,
    left_in_place = case when o.outcome <> 'ended' then null when o.desired = 'present' then 'another-grant' when o.baseline = 'present' then 'pre-existing' end,
    sessions_ended = case when o.outcome = 'ended' and o.desired = 'absent' then o.sessions_ended else 0 end,
    given_answer = case o.outcome when 'active' then o.said else g.given_answer end,
    gone_answer = case o.outcome when 'ended' then o.said end,
    sessions_go_on = case when o.outcome = 'ended' and o.go_on then true end,
    untouched = case when o.outcome = 'ended' and o.untouched then true end
  from outcomes o
  -- Whatever was decided about the grant meanwhile has moved it on; then the generation brings us back.
  where g.org = o.org and g.id = o.id and o.outcome is not null
    and (g.state = 'planned' and o.outcome in ('active', 'failed') or g.state in ('active', 'ending') and o.outcome = 'ended'
      or g.state = 'active' and o.outcome in ('opened', 'closed'))
  returning g.org, g.request_id, g.id as grant_id, g.right_id, g.state, o.integration, o.outcome, o.said, o.go_on, o.at, o.call_started, g.opens_at, g.closes_at, g.closed_at,
    case when o.desired = 'present' then 'another-grant' when o.baseline = 'present' then 'pre-existing' end as stays,
    case when o.desired = 'absent' then o.sessions_ended else 0 end as cut, g.expires_at, g.end_kind, g.end_at, g.gone_at, g.left_in_place, g.sessions_ended, g.why, g.untouched),
-- Apart from those that are over, which are looked up by a hash below: joined to these, each right of a batch would be compared with all.
going_on as (select org, grant_id, expires_at from moved where state = 'active'),
put as (
  update rights r set
    observed = h.observed, quarantine_until = h.quarantine_until, attempts = h.attempts, problem = h.problem,
    lease_owner = null, lease_until = null, settled_for = h.desired,
    baseline = case when h.observed = 'absent' and h.desired = 'absent' or r.baseline = 'present' and h.desired = 'absent' then null else r.baseline end,
    due_at = case
      when r.generation <> h.generation then clock_timestamp()
      when h.desired = 'absent' and h.retry_at is not null then h.retry_at
      else least(h.retry_at, (
        select min(case
          when m.grant_id is not null then edge.at
          when g.state = 'active' then case when h.retry_at is null or edge.at > h.call_started then edge.at end
          when g.state = 'planned' and g.opens_at > h.call_started then g.opens_at
          when g.state = 'planned' and h.retry_at is not null then g.provision_until
          -- An end that lies ahead of the clock (it was set back): wait for it rather than ask without a pause.
          when h.retry_at is null then greatest(clock_timestamp(), g.end_at + interval '200 milliseconds') end)
        from grants g left join going_on m on m.org = g.org and m.grant_id = g.id
        -- Hours that have closed are no edge any more: whoever works out the next ones brings us back (hours.ts).
        cross join lateral (select case
          when g.opens_at > h.call_started then least(g.opens_at, coalesce(m.expires_at, g.expires_at))
          when g.closes_at > h.call_started then least(g.closes_at, coalesce(m.expires_at, g.expires_at))
          else coalesce(m.expires_at, g.expires_at) end as at) edge
        where g.org = r.org and g.right_id = r.id and g.state in ('planned', 'active', 'ending')
          and (g.org, g.id) not in (select org, grant_id from moved where state <> 'active'))) end,
    lane = case when h.hopeless then 'take' when r.generation <> h.generation then r.lane
      when h.desired = 'present' and h.observed <> 'present' then 'give'
      -- Nothing is there that could have to be taken away: what comes next is hours that open.
      when h.desired = 'absent' and h.observed = 'absent' and exists (select from grants g
        where g.org = r.org and g.right_id = r.id and g.state in ('planned', 'active') and g.opens_at > h.call_started) then 'give'
      else 'take' end
  from held h where h.org = r.org and h.id = r.id),
audited as (
  insert into audit (org, action, actor, request_id, grant_id, data)
  select org, case outcome when 'active' then 'grant.activated' when 'ended' then 'grant.ended' when 'failed' then 'grant.failed'
      when 'opened' then 'grant.opened' else 'grant.closed' end, '{"kind":"system"}'::jsonb, request_id, grant_id,
    case outcome when 'active' then jsonb_build_object('expiresAt', expires_at, 'targetSaid', said)
      when 'opened' then jsonb_build_object('opensAt', opens_at, 'closesAt', closes_at, 'targetSaid', said)
      when 'closed' then jsonb_build_object('closedAt', closed_at, 'observedGoneAt', at, 'leftInPlace', stays, 'sessionsEnded', cut, 'sessionsMayGoOn', go_on, 'targetSaid', said,
        'latenessMs', round(extract(epoch from at - closed_at) * 1000))
      when 'failed' then jsonb_build_object('why', why)
      else jsonb_build_object('end', end_kind, 'endAt', end_at, 'observedGoneAt', gone_at, 'leftInPlace', left_in_place, 'sessionsEnded', sessions_ended, 'sessionsMayGoOn', go_on, 'untouched', untouched, 'targetSaid', said,
        'latenessMs', round(extract(epoch from gone_at - end_at) * 1000)) end
  from moved),
extending as (
  select m.org, m.request_id, m.grant_id, m.state, m.expires_at, q.extends
  from moved m join requests q on q.org = m.org and q.id = m.request_id where q.extends is not null and m.outcome in ('active', 'ended', 'failed')),
-- Access goes on when the target has confirmed it, and not when it was decided (I18); what has ended does not go on.
extended as (
  insert into audit (org, action, actor, request_id, grant_id, data)
  select x.org, 'grant.extended', '{"kind":"system"}'::jsonb, x.request_id, x.id, jsonb_build_object('by', e.request_id, 'expiresAt', e.expires_at)
  from extending e join grants x on x.org = e.org and x.request_id = e.extends
  where e.state = 'active' and x.state = 'active' and not exists (select from moved m where m.org = x.org and m.grant_id = x.id)),
failing as (
  insert into audit (org, action, actor, data)
  select h.org, 'right.removal-failed', '{"kind":"system"}'::jsonb, jsonb_build_object('right', h.id, 'problem', h.problem)
  from held h where h.desired = 'absent' and h.attempts = 1 and h.problem is not null),
told as (
  insert into outbox (org, kind, subject) select org, 'notify', request_id from moved
  -- What an extension took over from tells until when it went on.
  union all select org, 'notify', extends from extending)
select distinct extract(epoch from least(expires_at, closes_at))::bigint as second, null as integration, null::float8 as late from moved
where outcome in ('active', 'opened') and least(expires_at, closes_at) <= now() + interval '1 hour'
-- Only what was really taken away: neither a right that stays for somebody else, nor what was not there.
union all select null, integration, extract(epoch from case outcome when 'ended' then gone_at - end_at else at - closed_at end)::float8 * 1000
from moved where outcome in ('ended', 'closed') and stays is null and untouched is null`;

export async function settleRights(pool: pg.Pool, worker: string, settlements: readonly Settlement[]): Promise<Aftermath> {
  if (settlements.length === 0) return { alarms: [], removals: [] };
  const column = <T>(pick: (s: Settlement) => T): T[] => settlements.map(pick);
  const date = (at: Instant | undefined) => (at === undefined ? null : new Date(at));
  const { rows } = await pool.query<{ second: string; integration: null } | { second: null; integration: string; late: number }>({
    name: 'settle-rights',
    text: settleSql,
    values: [
      worker,
      column((s) => s.claim.org),
      column((s) => s.claim.rightId),
      column((s) => s.claim.fence),
      column((s) => s.claim.generation),
      column((s) => s.claim.desired),
      column((s) => s.settled.observed),
      column((s) => date(s.settled.quarantineUntil)),
      column((s) => date(s.settled.retryAt)),
      column((s) => s.settled.attempts),
      column(problemOf),
      column((s) => s.sessionsEnded),
      column((s) => s.claim.desired === 'present' && s.result.kind === 'refused' && s.result.permanent),
      column((s) => (s.said === undefined ? null : JSON.stringify(s.said))),
      column((s) => s.sessionsMayGoOn === true),
    ],
  });
  return {
    alarms: rows.flatMap((row) => (row.second === null ? [] : [Number(row.second)])),
    removals: rows.flatMap((row) => (row.second === null ? [{ integration: row.integration, latenessMs: row.late }] : [])),
  };
}

/** Why the right is not where it should be; null where it is, and where nothing can be said before a quarantine ends. */
function problemOf({ claim, settled, result }: Settlement): string | null {
  if (result.kind !== 'observed') return result.why;
  if (settled.observed === 'unknown' || settled.observed === claim.desired) return null;
  return settled.observed === 'present' ? 'the target still shows it' : 'the target does not show it';
}

/** @see Store.isTakingLeft */
export async function isTakingLeft(pool: pg.Pool, worker: string, since: Instant, known: readonly string[]): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'is-taking-left',
    text: `select from rights r where lane = 'take' and due_at <= to_timestamp($2::float8 / 1000) and integration = any ($3)
      and (lease_owner is null or lease_owner = $1 or lease_until < now()) and ${isKnownRight}
      -- By the index of what is due, however much was due when it was counted.
      order by due_at limit 1`,
    values: [worker, since, known],
  });
  return rowCount === 1;
}

/** Seconds within the next hour at which a right falls due, at most one per second however many rights share it. */
export async function dueSeconds(pool: pg.Pool): Promise<readonly number[]> {
  const { rows } = await pool.query<{ second: string }>({
    name: 'due-seconds',
    text: `select distinct ceil(extract(epoch from due_at))::bigint as second from rights
      -- At rest without the right, in the other lane: hours will open.
      where lane in ('take', 'give') and (lane = 'take' or observed = 'absent' and settled_for = 'absent') and due_at > now() and due_at <= now() + interval '1 hour' order by 1`,
  });
  return rows.map((row) => Number(row.second));
}
