import { type RawBuilder, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { PreApprovalReads, PreApprovalWrites } from '../app/pre-approvals-store.ts';
import { type DurationSeconds, isDurationSeconds } from '../domain/duration.ts';
import { type Org, parseEmail, parseOrg, parsePersonId, parsePreApprovalId, type PersonId } from '../domain/ids.ts';
import type { PreApproval } from '../domain/pre-approval.ts';
import type { Person } from '../domain/person.ts';
import { parseRecurringWindow, type RecurringWindow, recurringWindowText } from '../domain/recurring-window.ts';
import type { Permission } from '../domain/request.ts';
import { type Instant, instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';

const timestamp = (at: Instant) => sql`to_timestamp(${at / 1000}::float8)`;
/** Neither ended nor closed; it may open later. */
const isOpen = sql`p.ended_at is null and p.closes_at > clock_timestamp()`;

/** One that somebody has ended by now counts as ended at any time. */
const isOpenFor = (org: Org, principal: PersonId, { integration, service, accessType, resource }: Permission, at: RawBuilder<unknown>) =>
  sql`p.org = ${org} and p.principal_id = ${principal} and p.integration = ${integration} and p.service = ${service}
    and p.access_type = ${accessType} and p.resource = ${resource} and p.ended_at is null and p.opens_at <= ${at} and p.closes_at > ${at}`;

export function createPreApprovalReads(db: Db): PreApprovalReads {
  return {
    async one(org, id) {
      const [found] = await select(db, sql`p.org = ${org} and p.id = ${id}`);
      return found;
    },
    openAt: (org, principal, permission, at) =>
      select(db, sql`${isOpenFor(org, principal, permission, at === undefined ? sql`clock_timestamp()` : timestamp(at))} order by p.id`),
    page: (org, { person, before, limit }) =>
      select(
        db,
        sql`p.org = ${org} and ${person === undefined ? sql`true` : sql`(p.principal_id = ${person} or p.created_by = ${person})`}
          and ${before === undefined ? sql`true` : sql`p.id < ${before}::uuid`} order by p.id desc limit ${limit}`,
      ),
  };
}

export function createPreApprovalWrites(tx: Db): PreApprovalWrites {
  const reads = createPreApprovalReads(tx);
  return {
    async lock(org, id) {
      await sql`select from pre_approvals where org = ${org} and id = ${id} for no key update`.execute(tx);
      return reads.one(org, id);
    },
    openFor: (org, principal, permission) =>
      select(tx, sql`${isOpenFor(org, principal, permission, sql`clock_timestamp()`)} order by p.id for share of p`),
    async countOpen(org, principal) {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`pre-approvals ${org}`}, 0))`.execute(tx);
      const { rows } = await sql<{ all: number; own: number }>`
        select count(*)::int as all, (count(*) filter (where p.principal_id = ${principal}))::int as own
        from pre_approvals p where p.org = ${org} and ${isOpen}`.execute(tx);
      return { all: rows[0]?.all ?? 0, ofPrincipal: rows[0]?.own ?? 0 };
    },
    async add(actor, { org, principal, creator, keyMakers, via, permission, opensAt, closesAt, hours, duration, reason }) {
      const id = parsePreApprovalId(uuidv7());
      if (id === undefined) throw new Error('uuid made an id that is none');
      await sql`with t as (
          insert into pre_approvals (org, id, principal_id, integration, service, access_type, resource, opens_at, closes_at, seconds, reason, created_by, key_makers, created_via, recurring, created_at)
          values (${org}, ${id}, ${principal.id}, ${permission.integration}, ${permission.service}, ${permission.accessType}, ${permission.resource},
            ${timestamp(opensAt)}, ${timestamp(closesAt)}, ${duration}, ${reason ?? null}, ${creator.id}, ${[...keyMakers]}::uuid[], ${via},
            ${hours === undefined ? null : recurringWindowText(hours)}, clock_timestamp())
          returning *, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom(
          't',
          'pre-approval.created',
          actor,
          sql`jsonb_build_object('id', id, 'principal', principal_id, 'integration', integration, 'accessType', access_type,
            'resource', resource, 'opensAt', opens_at, 'closesAt', closes_at, 'window', recurring, 'seconds', seconds, 'reason', reason)`,
        )}`.execute(tx);
      return must(await reads.one(org, id));
    },
    async end(actor, org, id, by) {
      await sql`with t as (
          update pre_approvals p set ended_at = clock_timestamp(), ended_by = ${by.id}
          where p.org = ${org} and p.id = ${id} and ${isOpen}
          returning p.org, p.id, p.principal_id, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom('t', 'pre-approval.ended', actor, sql`jsonb_build_object('id', id, 'principal', principal_id)`)}`.execute(tx);
    },
  };
}

type Row = {
  org: string;
  id: string;
  principal_id: string;
  principal_email: string;
  creator_id: string;
  creator_email: string;
  key_makers: string[];
  created_via: string;
  integration: string;
  service: string;
  access_type: string;
  resource: string;
  opens_at: Date;
  closes_at: Date;
  recurring: string | null;
  seconds: number;
  reason: string | null;
  created_at: Date;
  ended_at: Date | null;
  ended_by: string | null;
  ender_email: string | null;
};

/** `where` stands behind WHERE and may name `p`. */
async function select(db: Db, where: RawBuilder<unknown>): Promise<PreApproval[]> {
  const { rows } = await sql<Row>`
    select p.org, p.id, p.principal_id, a.email as principal_email, p.created_by as creator_id, b.email as creator_email, p.key_makers, p.created_via,
      p.integration, p.service, p.access_type, p.resource, p.opens_at, p.closes_at, p.recurring, p.seconds::float8, p.reason, p.created_at,
      p.ended_at, p.ended_by, e.email as ender_email
    from pre_approvals p
    join people a on a.org = p.org and a.id = p.principal_id
    join people b on b.org = p.org and b.id = p.created_by
    left join people e on e.org = p.org and e.id = p.ended_by
    where ${where}`.execute(db);
  return rows.map(toPreApproval);
}

function toPreApproval(row: Row): PreApproval {
  return {
    org: must(parseOrg(row.org)),
    id: must(parsePreApprovalId(row.id)),
    principal: toPerson(row.principal_id, row.principal_email),
    creator: toPerson(row.creator_id, row.creator_email),
    keyMakers: row.key_makers.map((id) => must(parsePersonId(id))),
    via: row.created_via === 'slack' ? 'slack' : 'api',
    permission: { integration: row.integration, service: row.service, accessType: row.access_type, resource: row.resource },
    opensAt: instant(row.opens_at.getTime()),
    closesAt: instant(row.closes_at.getTime()),
    hours: row.recurring === null ? undefined : toHours(row.recurring),
    duration: toDuration(row.seconds),
    reason: row.reason ?? undefined,
    createdAt: instant(row.created_at.getTime()),
    ended:
      row.ended_at === null || row.ended_by === null
        ? undefined
        : { at: instant(row.ended_at.getTime()), by: toPerson(row.ended_by, row.ender_email ?? '') },
  };
}

/** Without hours it would always be open: one whose hours are not understood must not be taken for that. */
function toHours(text: string): RecurringWindow {
  const parsed = parseRecurringWindow(text);
  if (!parsed.ok) throw new Error(`a pre-approval is stored with hours that are not known here: ${text}`);
  return parsed.value;
}

function toDuration(seconds: number): DurationSeconds {
  if (!isDurationSeconds(seconds)) throw new Error('a pre-approval is stored with a duration that cannot be');
  return seconds;
}

const toPerson = (id: string, email: string): Person => ({ id: must(parsePersonId(id)), email: must(parseEmail(email)) });

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a pre-approval is stored with a value that cannot exist');
  return value;
}
