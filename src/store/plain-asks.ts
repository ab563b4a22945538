import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { PlainAsk, PlainAsks } from '../app/ask-store.ts';
import type { Actor } from '../app/store.ts';
import { toSeconds } from '../domain/duration.ts';
import { canonicalEmail, parseRequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { defaultSettings } from '../domain/settings.ts';
import { instant } from '../domain/time.ts';
import { rulesData } from './journal.ts';
import { toPerson } from './people.ts';

type Row = {
  readonly principal_id: string;
  readonly email: string;
  readonly preexisting: boolean;
  readonly created_at: Date;
  readonly approvable_until: Date;
};

/**
 * `moved` makes two submissions of one person at once exclude each other: the second waits for the first at the person's
 * row, finds there another count than it saw, and then does nothing. Every transaction that submits moves the count too.
 */
const statement = `with seen as (
    select q.asks, p.id as principal_id, p.email, coalesce(held.active, false) as preexisting
    from people q join people p on p.org = q.org
    cross join lateral (
      select bool_or(g.standing) as standing, bool_or(g.state = 'active') as active from grants g
      where g.org = $1 and g.state in ('planned', 'active', 'ending') and g.right_id = (
        select r.id from rights r
        where r.org = $1 and r.integration = $4 and r.access_type = $6 and r.resource = $7 and r.person_id = p.id)) held
    cross join lateral (
      select count(*) as count, bool_or(o.principal_id = p.id and o.integration = $4 and o.access_type = $6 and o.resource = $7
        and o.extends is null and o.asked_seconds = $12 and o.reason is not distinct from $13) as same
      from requests o where o.org = $1 and o.requestor_id = $2 and o.state = 'pending') open
    where q.org = $1 and q.id = $2 and p.canonical = $3
      and (select version::text || '.' || xmin::text from policy_heads where org = $1) is not distinct from $8
      and coalesce((select document from settings where org = $1), $9::jsonb) = $10::jsonb
      and held.standing is not true and open.same is not true and open.count < $11::int
      and not exists (select from pre_approvals w
        where w.org = $1 and w.principal_id = p.id and w.ended_at is null and w.closes_at > clock_timestamp() and w.opens_at <= clock_timestamp()
          and w.integration = $4 and w.service = $5 and w.access_type = $6 and w.resource = $7)
      and not exists (select from accounts c where c.org = $1 and c.integration = $4 and c.account = $14 and c.person_id <> p.id)),
  moved as (
    update people set asks = people.asks + 1 from seen
    where people.org = $1 and people.id = $2 and people.asks = seen.asks
    returning seen.principal_id, seen.email, seen.preexisting, date_trunc('milliseconds', clock_timestamp()) as now),
  t as (
    insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, reason, asked_seconds, duration_named,
      created_at, approvable_until, key_makers)
    select $1, $15::uuid, $2, principal_id, $4, $5, $6, $7, $13, $12, $16::boolean, now, now + $17::float8 * interval '1 second', $20::uuid[] from moved
    returning org, id, principal_id, created_at, approvable_until),
  a as (
    insert into audit (org, action, actor, request_id, data)
    select org, 'request.submitted', $18::jsonb, id, $19::jsonb || jsonb_build_object('principal', principal_id) from t),
  o as (
    insert into outbox (org, kind, subject)
    select org, 'notify', id from t where set_config('curfew.wakes_afterwards', 'yes', true) is not null)
  select moved.principal_id, moved.email, moved.preexisting, t.created_at, t.approvable_until from moved, t`;

const defaults = JSON.stringify(defaultSettings);

/** `isClaimed`: we run within a call that must not be carried out twice; only a transaction can mark that call. */
export function createPlainAsks(pool: pg.Pool, wakeRelay: () => void, isClaimed: () => boolean): PlainAsks {
  return {
    async add(actor, ask) {
      if (isClaimed()) return undefined;
      const id = parseRequestId(uuidv7());
      if (id === undefined) throw new Error('uuid made an id that is none');
      const { rows } = await pool.query<Row>({ name: 'plain-ask', text: statement, values: valuesOf(actor, ask, id) });
      const [row] = rows;
      if (row === undefined) return undefined;
      wakeRelay();
      return { request: toPending(ask, id, row), isPreexisting: row.preexisting };
    },
  };
}

function valuesOf(actor: Actor, ask: PlainAsk, id: PermissionRequest['id']): unknown[] {
  const { org, requestor, principal, permission, account, reason, asked, durationNamed, judgedBy, openLimit, keyMakers } = ask;
  const { integration, service, accessType, resource } = permission;
  const settings = judgedBy.settings === defaultSettings ? defaults : JSON.stringify(judgedBy.settings);
  const approvable = toSeconds(judgedBy.settings.approvable);
  const [event, by] = [JSON.stringify(eventData(ask)), JSON.stringify(actor)];
  const judged = [org, requestor.id, canonicalEmail(principal), integration, service, accessType, resource, judgedBy.ruleRevision ?? null];
  return [...judged, defaults, settings, openLimit, asked, reason ?? null, account, id, durationNamed, approvable, by, event, keyMakers];
}

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
