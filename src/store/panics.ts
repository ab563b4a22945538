import { type RawBuilder, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { PanicReads, PanicWrites } from '../app/panics-store.ts';
import { type Org, parseEmail, parseOrg, parsePanicId, parseRequestId } from '../domain/ids.ts';
import { grantsIn, type Panic, type PanicCounts, type PanicItem, type PanicProgress, type PanicSelection } from '../domain/panic.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';
import { stuckRights } from './left-behind.ts';
import { endedByOthers, holdsBack, leftBehind, selected, type Selected, within } from './panic-selection.ts';
import { sweepPanic } from './panic-sweep.ts';
import { toPerson } from './people.ts';

/** So many failures are told one by one. */
const mostFailures = 20;

export function createPanicReads(db: Db): PanicReads {
  return {
    async preview(org, selection, items) {
      const counts = await countIn(db, org, selection);
      return { ...counts, items: await itemsIn(db, org, selection, items) };
    },
    async one(org, id) {
      const [found] = await select(db, sql`h.org = ${org} and h.id = ${id}`);
      return found;
    },
    page: (org, before, limit) =>
      select(
        db,
        sql`h.org = ${org} and ${before === undefined ? sql`true` : sql`h.id < ${before}::uuid`} order by h.id desc limit ${limit}`,
      ),
  };
}

export function createPanicWrites(tx: Db): PanicWrites {
  const reads = createPanicReads(tx);
  return {
    ...reads,
    async lock(org) {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`panic switch ${org}`}, 0))`.execute(tx);
    },
    async holding(org, selection) {
      const [found] = await select(
        tx,
        sql`h.org = ${org} and h.hold and h.lifted_at is null and h.kind = ${selection.kind}
          and h.integration is not distinct from ${'integration' in selection ? selection.integration : null}::text
          and h.access_type is not distinct from ${'accessType' in selection ? selection.accessType : null}::text
          and h.resource is not distinct from ${'resource' in selection ? selection.resource : null}::text
          and h.person_id is not distinct from ${await personIn(tx, org, selection)}::uuid
          order by h.id desc limit 1`,
      );
      return found;
    },
    async start(actor, { org, selection, reason, hold, by }) {
      const counts = await countIn(tx, org, selection);
      const id = must(parsePanicId(uuidv7()));
      await sql`with t as (
          insert into panics (org, id, kind, person_id, integration, access_type, resource, reason, hold, expected, actor, started_by, started_at)
          values (${org}, ${id}, ${selection.kind}, ${await personIn(tx, org, selection)}::uuid, ${'integration' in selection ? selection.integration : null},
            ${'accessType' in selection ? selection.accessType : null}, ${'resource' in selection ? selection.resource : null},
            ${reason}, ${hold}, ${grantsIn(counts)}, ${JSON.stringify(actor)}::jsonb, ${by.id}, clock_timestamp())
          returning org, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom('t', 'panic.started', actor, sql`${JSON.stringify({ id, selection, reason, hold, counts })}::jsonb`)}`.execute(tx);
      // What is not much is marked with the press itself.
      if ((await sweepPanic(tx, org, id)) === 'again') await sweepPanic(tx, org, id);
      return must(await reads.one(org, id));
    },
    async lift(actor, org, id, by) {
      await sql`with t as (
          update panics h set lifted_at = clock_timestamp(), lifted_by = ${by.id}
          where h.org = ${org} and h.id = ${id} and h.hold and h.lifted_at is null
          returning h.org, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom('t', 'panic.lifted', actor, sql`jsonb_build_object('id', ${id}::text)`)}`.execute(tx);
    },
    async holds(org, people, permission) {
      await sql`select pg_advisory_xact_lock_shared(hashtext('curfew panics'), hashtext(${org}))`.execute(tx);
      const { rows } = await sql<{ held: boolean }>`select exists (
        select from panics h where h.org = ${org} and ${holdsBack(people, permission)}) as held`.execute(tx);
      return rows[0]?.held !== false;
    },
  };
}

async function personIn(db: Db, org: Org, selection: PanicSelection): Promise<string | null> {
  const found = await selected(db, org, selection);
  return found.kind === 'person' ? (found.person ?? null) : null;
}

const columns = sql`q.org, q.id as request, q.principal_id, q.integration, q.service, q.access_type, q.resource`;
/** What pressing would end, or wait for. What could not be given and may be there all the same is on its way out already. */
const meant = (org: Org, of: Selected) => sql`(with ${stuckRights}
  select g.right_id, g.state, ${columns} from grants g join requests q on q.org = g.org and q.id = g.request_id
  where g.org = ${org} and g.state in ('planned', 'active', 'ending') and ${within(of, 'grant')}
  union all select g.id, 'ending', ${columns} from left_behind g join requests q on q.org = g.org and q.id = g.request_id
  where g.org = ${org} and ${within(of, 'grant')}) g`;

async function countIn(db: Db, org: Org, selection: PanicSelection): Promise<PanicCounts> {
  const of = await selected(db, org, selection);
  const { rows } = await sql<PanicCounts>`select c.*,
      (select count(*)::int from requests q where q.org = ${org} and q.state = 'pending' and ${within(of, 'pending')}) as requests,
      (select count(*)::int from pre_approvals p where p.org = ${org} and p.ended_at is null and p.closes_at > clock_timestamp()
        and ${within(of, 'pre-approval')}) as "preApprovals"
    from (
      select (count(*) filter (where g.state = 'planned'))::int as planned, (count(*) filter (where g.state = 'active'))::int as active,
        (count(*) filter (where g.state = 'ending'))::int as ending, count(distinct g.principal_id)::int as people,
        count(distinct g.right_id)::int as rights
      from ${meant(org, of)}) c`.execute(db);
  return must(rows[0]);
}

type ItemRow = { request: string; email: string; integration: string; service: string; access_type: string; resource: string };

async function itemsIn(db: Db, org: Org, selection: PanicSelection, limit: number): Promise<PanicItem[]> {
  const of = await selected(db, org, selection);
  const { rows } = await sql<ItemRow & { state: PanicItem['state'] }>`
    select g.*, a.email from ${meant(org, of)} join people a on a.org = g.org and a.id = g.principal_id order by g.request desc limit ${limit}`.execute(
    db,
  );
  return rows.map((row) => ({ ...toItem(row), state: row.state }));
}

const toItem = ({ request, email, integration, service, access_type, resource }: ItemRow) => ({
  request: must(parseRequestId(request)),
  principal: must(parseEmail(email)),
  permission: { integration, service, accessType: access_type, resource },
});

type Row = {
  org: string;
  id: string;
  kind: string;
  person_email: string | null;
  integration: string | null;
  access_type: string | null;
  resource: string | null;
  reason: string;
  hold: boolean;
  expected: number;
  requests_denied: number;
  pre_approvals_closed: number;
  started_by: string;
  starter_email: string;
  started_at: Date;
  marked_at: Date | null;
  done_at: Date | null;
  lifted_at: Date | null;
  lifted_by: string | null;
  lifter_email: string | null;
  found: number;
  gone: number;
  waiting: number;
  failing: number;
  failures: (ItemRow & { why: string })[];
};

/**
 * What a panic `h` waits for, or has seen gone. What others are ending, and what was left behind, is looked for only as long as it can
 * keep this one from being done.
 */
const its = sql`(select g.org, g.request_id, g.right_id, g.state from grants g where g.org = h.org and g.panic_id = h.id
  union all select g.org, g.request_id, g.right_id, g.state from ${endedByOthers} and h.done_at is null
  union all select g.org, g.request_id, g.id, 'ending' from ${leftBehind} and h.done_at is null) g`;

/** `where` stands behind WHERE and may name `h`. */
async function select(db: Db, where: RawBuilder<unknown>): Promise<Panic[]> {
  const { rows } = await sql<Row>`
    select h.*, a.email as person_email, b.email as starter_email, c.email as lifter_email, n.*,
      coalesce((select jsonb_agg(f) from (
        select q.id as request, x.email, q.integration, q.service, q.access_type, q.resource, r.problem as why
        from ${its} join requests q on q.org = g.org and q.id = g.request_id
        join rights r on r.org = g.org and r.id = g.right_id join people x on x.org = q.org and x.id = q.principal_id
        where g.state = 'ending' and r.attempts > 0 and r.problem is not null
        order by q.id limit ${mostFailures}) f), '[]') as failures
    from panics h
    join people b on b.org = h.org and b.id = h.started_by
    left join people a on a.org = h.org and a.id = h.person_id
    left join people c on c.org = h.org and c.id = h.lifted_by
    cross join lateral (
      select count(*)::int as found, (count(*) filter (where g.state <> 'ending'))::int as gone, (count(*) filter (where g.state = 'ending'))::int as waiting,
        (count(*) filter (where g.state = 'ending' and r.attempts > 0 and r.problem is not null))::int as failing
      from ${its} join rights r on r.org = g.org and r.id = g.right_id) n
    where ${where}`.execute(db);
  return rows.map(toPanic);
}

function toPanic(row: Row): Panic {
  const at = (date: Date | null) => (date === null ? undefined : instant(date.getTime()));
  const liftedAt = at(row.lifted_at);
  return {
    org: must(parseOrg(row.org)),
    id: must(parsePanicId(row.id)),
    selection: toSelection(row),
    reason: row.reason,
    hold: row.hold,
    startedBy: toPerson({ id: row.started_by, email: row.starter_email }),
    startedAt: instant(row.started_at.getTime()),
    lifted:
      liftedAt === undefined || row.lifted_by === null
        ? undefined
        : { at: liftedAt, by: toPerson({ id: row.lifted_by, email: row.lifter_email ?? '' }) },
    markedAt: at(row.marked_at),
    doneAt: at(row.done_at),
    progress: toProgress(row),
  };
}

/** While some may not be marked yet, the figure of the start says more. */
function toProgress(row: Row): PanicProgress {
  const total = row.marked_at === null ? Math.max(row.expected, row.found) : row.found;
  return {
    total,
    gone: row.gone,
    left: total - row.gone,
    failing: row.failing,
    requestsDenied: row.requests_denied,
    preApprovalsClosed: row.pre_approvals_closed,
    failures: row.failures.map((each) => ({ ...toItem(each), why: each.why })),
  };
}

function toSelection({ kind, person_email, integration, access_type, resource }: Row): PanicSelection {
  if (kind === 'everything') return { kind };
  if (kind === 'person') return { kind, person: must(parseEmail(person_email ?? '')) };
  if (kind === 'target') return { kind, integration: must(integration ?? undefined) };
  return {
    kind: 'right',
    integration: must(integration ?? undefined),
    accessType: must(access_type ?? undefined),
    resource: must(resource ?? undefined),
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a panic is stored with a value that cannot exist');
  return value;
}
