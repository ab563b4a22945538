import { type RawBuilder, sql } from 'kysely';
import type { PanicSweeps } from '../app/panics-store.ts';
import type { Actor } from '../app/store.ts';
import { type Org, type PanicId, parseOrg, parsePanicId, parsePersonId, type PersonId } from '../domain/ids.ts';
import type { Db } from './database.ts';
import { auditFrom, notifyFrom } from './journal.ts';
import { endedByOthers, leftBehind, type Selected, within } from './panic-selection.ts';

/** As many rows of each kind as one statement ends: more hold their locks for longer without being faster. */
const largestBatch = 500;
/** How often a panic that holds is looked at although all is marked: an older release that runs beside us knows nothing of it. */
const lookAgain = '10 seconds';

export const createPanicSweeps = (db: Db): PanicSweeps => ({
  async due() {
    const { rows } = await sql<{ org: string; id: string }>`select h.org, h.id from panics h
      where h.done_at is null or h.hold and h.lifted_at is null and h.swept_at < clock_timestamp() - interval '${sql.raw(lookAgain)}'
      -- Who was not looked at for the longest comes first: those that wait for a target that hangs keep no others waiting.
      order by h.swept_at nulls first, h.id limit 100`.execute(db);
    return rows.flatMap(({ org, id }) => {
      const [knownOrg, knownId] = [parseOrg(org), parsePanicId(id)];
      return knownOrg === undefined || knownId === undefined ? [] : [{ org: knownOrg, id: knownId }];
    });
  },
  sweep: (org, id) => db.transaction().execute((tx) => sweepPanic(tx, org, id)),
});

type Row = {
  kind: string;
  person_id: string | null;
  integration: string | null;
  access_type: string | null;
  resource: string | null;
  reason: string;
  started_by: string;
  actor: Actor;
  marked: boolean;
  done: boolean;
  until: string | null;
};

/** What is ended on whose behalf. `until`, as the database writes it: nothing that came later is meant; null while it holds. */
type Sweep = {
  readonly org: Org;
  readonly id: PanicId;
  readonly selection: Selected;
  readonly reason: string;
  readonly by: PersonId;
  readonly actor: Actor;
  readonly until: string | null;
};

/** One batch in the caller's transaction, see {@link PanicSweeps.sweep}. One process at a time sweeps for a panic. */
export async function sweepPanic(tx: Db, org: Org, id: PanicId): Promise<'again' | 'later'> {
  // Before anything is read: with this lock nobody who has not seen the panic is still deciding.
  const { rows: locks } = await sql<{
    alone: boolean;
  }>`select pg_try_advisory_xact_lock(hashtext('curfew panics'), hashtext(${org})) as alone`.execute(tx);
  const { rows } = await sql<Row>`update panics h set swept_at = clock_timestamp()
    where h.org = ${org} and h.ctid = (select ctid from panics where org = ${org} and id = ${id} for no key update skip locked)
    returning h.*, h.marked_at is not null as marked, h.done_at is not null as done,
      (case when h.hold and h.lifted_at is null then null else coalesce(h.lifted_at, h.started_at) end)::text as until`.execute(tx);
  const [row] = rows;
  if (row === undefined) return 'later';
  const sweep = toSweep(org, id, row);
  const requests = await denyRequests(tx, sweep);
  const windows = await closeWindows(tx, sweep);
  const grants = await endGrants(tx, sweep);
  if (requests + windows + grants > 0) {
    await sql`update panics set requests_denied = requests_denied + ${requests}, pre_approvals_closed = pre_approvals_closed + ${windows}
      where org = ${org} and id = ${id}`.execute(tx);
    return 'again';
  }
  if (!row.marked && locks[0]?.alone === true && !(await isLeft(tx, sweep)))
    await sql`update panics set marked_at = clock_timestamp() where org = ${org} and id = ${id}`.execute(tx);
  if (!row.done && !(await isThere(tx, sweep))) await finish(tx, sweep);
  return 'later';
}

/** Looked for by itself and in this order: what may have been left behind takes longest to find in a storm, when enough else is there. */
async function isThere(tx: Db, { org, id }: Sweep): Promise<boolean> {
  const of = sql`from panics h where h.org = ${org} and h.id = ${id}`;
  for (const there of [sql`grants g where g.org = h.org and g.panic_id = h.id and g.state = 'ending'`, endedByOthers, leftBehind]) {
    const { rows } = await sql<{ there: boolean }>`select exists (select from ${there}) as there ${of}`.execute(tx);
    if (rows[0]?.there !== false) return true;
  }
  return false;
}

/** Says that it is done, once everything is marked. */
async function finish(tx: Db, { org, id }: Sweep): Promise<void> {
  await sql`with t as (
      update panics h set done_at = clock_timestamp()
      where h.org = ${org} and h.id = ${id} and h.marked_at is not null and h.done_at is null
      returning h.*, null::uuid as request_id, null::uuid as grant_id)
    ${auditFrom(
      't',
      'panic.done',
      { kind: 'system' },
      sql`jsonb_build_object('id', id, 'requestsDenied', requests_denied, 'preApprovalsClosed', pre_approvals_closed)
        || (select jsonb_build_object('grants', count(*), 'lastSeenGoneAt', max(g.gone_at)) from grants g where g.org = ${org} and g.panic_id = ${id})`,
    )}`.execute(tx);
}

const before = (column: RawBuilder<unknown>, { until }: Sweep) =>
  sql`(${until}::timestamptz is null or ${column} <= ${until}::timestamptz)`;
const pending = (sweep: Sweep) =>
  sql`q.org = ${sweep.org} and q.state = 'pending' and ${within(sweep.selection, 'pending')} and ${before(sql`q.created_at`, sweep)}`;
const open = (sweep: Sweep) =>
  sql`p.org = ${sweep.org} and p.ended_at is null and p.closes_at > clock_timestamp() and ${within(sweep.selection, 'pre-approval')}
    and ${before(sql`p.created_at`, sweep)}`;
/** Of `grants g join requests q`. What is ending already is only waited for. */
const live = (sweep: Sweep) =>
  sql`g.org = ${sweep.org} and (g.state in ('planned', 'active') or g.state = 'ending' and g.panic_id is null)
    and ${within(sweep.selection, 'grant')} and ${before(sql`q.decided_at`, sweep)}`;
const joined = sql`grants g join requests q on q.org = g.org and q.id = g.request_id`;

/** Somebody may hold one of them just now; then it is left for the next time. */
async function isLeft(tx: Db, sweep: Sweep): Promise<boolean> {
  const { rows } = await sql<{ left: boolean }>`select exists (select from requests q where ${pending(sweep)})
    or exists (select from pre_approvals p where ${open(sweep)}) or exists (select from ${joined} where ${live(sweep)}) as left`.execute(
    tx,
  );
  return rows[0]?.left !== false;
}

async function denyRequests(tx: Db, sweep: Sweep): Promise<number> {
  const { org, id, reason, by, actor } = sweep;
  const { rows } = await sql`with t as (
      update requests q set state = 'denied', decided_at = date_trunc('milliseconds', clock_timestamp()), decided_by = ${by}, decided_reason = ${reason}
      where q.org = ${org} and q.state = 'pending'
        and q.id in (select q.id from requests q where ${pending(sweep)} order by q.id limit ${largestBatch} for no key update skip locked)
      returning q.org, q.id as request_id, null::uuid as grant_id),
    a as (${auditFrom('t', 'request.denied', actor, sql`jsonb_build_object('reason', ${reason}::text, 'panic', ${id}::text)`)}),
    n as (${notifyFrom('t')})
    select from t`.execute(tx);
  return rows.length;
}

async function closeWindows(tx: Db, sweep: Sweep): Promise<number> {
  const { org, id, by, actor } = sweep;
  const { rows } = await sql`with t as (
      update pre_approvals p set ended_at = clock_timestamp(), ended_by = ${by}
      where p.org = ${org} and p.ended_at is null
        and p.id in (select p.id from pre_approvals p where ${open(sweep)} order by p.id limit ${largestBatch} for no key update skip locked)
      returning p.org, p.id, p.principal_id, null::uuid as request_id, null::uuid as grant_id),
    a as (${auditFrom('t', 'pre-approval.ended', actor, sql`jsonb_build_object('id', id, 'principal', principal_id, 'panic', ${id}::text)`)})
    select from t`.execute(tx);
  return rows.length;
}

/** Rights first, in order, then grants: the lock order of every transition. Who has a right in hand just now lets go of it soon. */
async function endGrants(tx: Db, sweep: Sweep): Promise<number> {
  const { org, id, reason, by, actor } = sweep;
  const { rows: held } = await sql<{ id: string }>`select r.id from rights r
    where r.org = ${org} and r.id in (select g.right_id from ${joined} where ${live(sweep)} order by g.state <> 'planned', g.right_id limit ${largestBatch})
    order by r.id for no key update skip locked`.execute(tx);
  if (held.length === 0) return 0;
  const { rows } = await sql`with found as (
      select g.id, g.state as was from ${joined} where ${live(sweep)} and g.right_id = any (${held.map((right) => right.id)}::uuid[])
      for no key update of g),
    g as (
      -- What should be gone already does not get a later end by this: its lateness counts from when it had to end.
      update grants g set panic_id = ${id}, state = 'ending',
        end_kind = case when found.was = 'ending' then g.end_kind else 'revoked' end,
        end_at = case when found.was = 'ending' then g.end_at else least(clock_timestamp(), g.expires_at) end,
        ended_by = case when found.was = 'ending' then g.ended_by else ${by}::uuid end,
        end_reason = case when found.was = 'ending' then g.end_reason else ${reason}::text end
      from found where g.org = ${org} and g.id = found.id
      returning g.org, g.request_id, g.id as grant_id, g.right_id, found.was),
    t as (select * from g where was <> 'ending'),
    r as (
      update rights set generation = generation + 1, lane = 'take', due_at = clock_timestamp()
      where org = ${org} and id in (select right_id from t)),
    a as (${auditFrom('t', 'grant.revoked', actor, sql`jsonb_build_object('reason', ${reason}::text, 'panic', ${id}::text)`)}),
    -- One look finds all that is due.
    l as (insert into outbox (org, kind, subject) select org, 'look', right_id from t limit 1),
    n as (${notifyFrom('t')})
    select from g`.execute(tx);
  return rows.length;
}

function toSweep(org: Org, id: PanicId, row: Row): Sweep {
  const by = parsePersonId(row.started_by);
  if (by === undefined) throw new Error('a panic is stored with an id that cannot exist');
  const { reason, actor, until } = row;
  return { org, id, selection: toSelected(row), reason, by, actor, until };
}

function toSelected({ kind, person_id, integration, access_type, resource }: Row): Selected {
  if (kind === 'everything') return { kind };
  if (kind === 'person') return { kind, person: person_id === null ? undefined : parsePersonId(person_id) };
  if (kind === 'target' && integration !== null) return { kind, integration };
  if (kind === 'right' && integration !== null && access_type !== null && resource !== null)
    return { kind, integration, accessType: access_type, resource };
  throw new Error('a panic is stored with a selection that cannot exist');
}
