import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { PlainAsk, PlainAsks } from '../app/ask-store.ts';
import type { Actor } from '../app/store.ts';
import { toSeconds } from '../domain/duration.ts';
import { canonicalEmail, type Org, parseRequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { defaultSettings } from '../domain/settings.ts';
import { instant } from '../domain/time.ts';
import { coalesce } from './coalesce.ts';
import { rulesData } from './journal.ts';
import { perOrg } from './per-org.ts';
import { toPerson } from './people.ts';

const { DatabaseError } = pg;

type Row = {
  readonly id: string;
  readonly principal_id: string;
  readonly email: string;
  readonly preexisting: boolean;
  readonly created_at: Date;
  readonly approvable_until: Date;
};

/**
 * Several at once, of different people: each stands or falls by itself. `locked` makes two submissions of one person at once
 * exclude each other: whoever comes second finds the person's row locked, or there another count than it saw, and then does
 * nothing. Every transaction that submits moves the count too. Nobody waits here for the row of another.
 */
const statement = `with asked as (
    select * from jsonb_to_recordset($2::jsonb) as asked (id uuid, requestor uuid, principal text, integration text, service text,
      access_type text, resource text, revision text, settings jsonb, open_limit int, seconds int, named boolean, reason text,
      account text, approvable float8, actor jsonb, event jsonb, key_makers uuid[])),
  seen as materialized (
    select a.*, q.asks, p.id as principal_id, p.email, coalesce(held.active, false) as preexisting
    from asked a
    cross join lateral (select asks from people where org = $1 and id = a.requestor limit 1) q
    cross join lateral (select id, email from people where org = $1 and canonical = a.principal limit 1) p
    cross join lateral (
      select bool_or(g.standing) as standing, bool_or(g.state = 'active' and (g.recurring is null or g.opened_at is not null)) as active from grants g
      where g.org = $1 and g.state in ('planned', 'active', 'ending') and g.right_id = (
        select r.id from rights r
        where r.org = $1 and r.integration = a.integration and r.access_type = a.access_type and r.resource = a.resource
          and r.person_id = p.id)) held
    cross join lateral (
      select count(*) as count, bool_or(o.principal_id = p.id and o.integration = a.integration and o.access_type = a.access_type
        and o.resource = a.resource and o.extends is null and o.asked_seconds = a.seconds and o.reason is not distinct from a.reason) as same
      from requests o where o.org = $1 and o.requestor_id = a.requestor and o.state = 'pending') open
    where (select version::text || '.' || xmin::text from policy_heads where org = $1) is not distinct from a.revision
      and coalesce((select document from settings where org = $1), $3::jsonb) = a.settings
      and held.standing is not true and open.same is not true and open.count < a.open_limit
      and not exists (select from pre_approvals w
        where w.org = $1 and w.principal_id = p.id and w.ended_at is null and w.closes_at > clock_timestamp() and w.opens_at <= clock_timestamp()
          and w.integration = a.integration and w.service = a.service and w.access_type = a.access_type and w.resource = a.resource)
      and not exists (select from panics h where h.org = $1 and h.hold and h.lifted_at is null)
      and not exists (select from accounts c
        where c.org = $1 and c.integration = a.integration and c.account = a.account and c.person_id <> p.id)),
  locked as materialized (
    select seen.*, mine.place from seen
    cross join lateral (
      select ctid as place from people where org = $1 and id = seen.requestor and asks = seen.asks for no key update skip locked) mine),
  moved as (
    update people set asks = people.asks + 1 from locked where people.ctid = locked.place
    returning locked.*, date_trunc('milliseconds', clock_timestamp()) as now),
  t as (
    insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, reason, asked_seconds, duration_named,
      created_at, approvable_until, key_makers)
    select $1, id, requestor, principal_id, integration, service, access_type, resource, reason, seconds, named,
      now, now + approvable * interval '1 second', key_makers from moved
    returning id, created_at, approvable_until),
  a as (
    insert into audit (org, action, actor, request_id, data)
    select $1, 'request.submitted', actor, id, event || jsonb_build_object('principal', principal_id) from moved),
  o as (
    insert into outbox (org, kind, subject)
    select $1, 'notify', id from t where set_config('curfew.wakes_afterwards', 'yes', true) is not null)
  select t.id, moved.principal_id, moved.email, moved.preexisting, t.created_at, t.approvable_until from moved join t on t.id = moved.id`;

const defaults = JSON.stringify(defaultSettings);
/** As many as one statement writes down. */
const most = 32;
const patienceMs = 25;

type Asked = { readonly id: PermissionRequest['id']; readonly actor: Actor; readonly ask: PlainAsk };

/** `isClaimed`: we run within a call that must not be carried out twice; only a transaction can mark that call. */
export function createPlainAsks(pool: pg.Pool, wakeRelay: () => void, isClaimed: () => boolean): PlainAsks {
  // Two of one person would both pass by the count they saw. Two organisations are two statements.
  const write = perOrg((org) =>
    coalesce((asked: readonly Asked[]) => writeAll(pool, org, asked), { most, patienceMs, apart: ({ ask }) => ask.requestor.id }),
  );
  return {
    async add(actor, ask) {
      if (isClaimed()) return undefined;
      const id = parseRequestId(uuidv7());
      if (id === undefined) throw new Error('uuid made an id that is none');
      const row = await write(ask.org)({ id, actor, ask });
      if (row === undefined) return undefined;
      wakeRelay();
      return { request: toPending(ask, id, row), isPreexisting: row.preexisting };
    },
  };
}

async function writeAll(pool: pg.Pool, org: Org, asked: readonly Asked[]): Promise<readonly (Row | undefined)[]> {
  try {
    const values = [org, JSON.stringify(asked.map(toRecord)), defaults];
    const { rows } = await pool.query<Row>({ name: 'plain-asks', text: statement, values });
    const written = new Map(rows.map((row) => [row.id, row]));
    return asked.map(({ id }) => written.get(id));
  } catch (error) {
    // What the database says no to is not done at all. Whose doing it was is seen when each tries by themselves.
    if (asked.length > 1 && error instanceof DatabaseError) return asked.map(() => undefined);
    throw error;
  }
}

const toRecord = ({ id, actor, ask }: Asked): object => ({
  id,
  actor,
  requestor: ask.requestor.id,
  principal: canonicalEmail(ask.principal),
  integration: ask.permission.integration,
  service: ask.permission.service,
  access_type: ask.permission.accessType,
  resource: ask.permission.resource,
  revision: ask.judgedBy.ruleRevision ?? null,
  settings: ask.judgedBy.settings,
  open_limit: ask.openLimit,
  seconds: ask.asked,
  named: ask.durationNamed,
  reason: ask.reason ?? null,
  account: ask.account,
  approvable: toSeconds(ask.judgedBy.settings.approvable),
  event: eventData(ask),
  key_makers: ask.keyMakers,
});

/** As a transaction's, but for the principal, whom only the database knows. */
const eventData = ({ permission, reason, asked, rules }: PlainAsk): object => ({
  integration: permission.integration,
  accessType: permission.accessType,
  resource: permission.resource,
  reason: reason ?? null,
  askedSeconds: asked,
  ...rulesData(rules, { outcome: 'ask' }),
});

function toPending(
  { org, requestor, keyMakers, permission, reason, asked, durationNamed }: PlainAsk,
  id: PermissionRequest['id'],
  row: Row,
): PermissionRequest {
  return {
    org,
    id,
    requestor,
    keyMakers,
    principal: toPerson({ id: row.principal_id, email: row.email }),
    permission,
    reason,
    asked,
    durationNamed,
    createdAt: instant(row.created_at.getTime()),
    approvableUntil: instant(row.approvable_until.getTime()),
    state: { kind: 'pending' },
    extension: undefined,
    extendedUntil: undefined,
    escalation: undefined,
  };
}
