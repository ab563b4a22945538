import { sql } from 'kysely';
import type {
  Circumstances,
  GrantRecord,
  RequestEvent,
  RequestHistory,
  RequestHistoryReads,
  SealedStretch,
} from '../app/request-history-store.ts';
import type { Actor } from '../app/store.ts';
import { type Org, parseGrantId, parseRequestId, type RequestId } from '../domain/ids.ts';
import type { Observed } from '../domain/right.ts';
import type { TargetAnswer } from '../domain/target-answer.ts';
import { type Instant, instant } from '../domain/time.ts';
import { eventColumns, type EventRow } from './audit-event.ts';
import type { Db } from './database.ts';
import { selectRequests } from './request-rows.ts';

/** Somebody who tries for ever must not bury what happened. */
const mostRefusals = 100;

export function createRequestHistory(db: Db): RequestHistoryReads {
  return {
    one: (org, id) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute((tx) => readHistory(tx, org, id)),
    circumstances: (org, id) => readCircumstances(db, org, id),
    async head(org) {
      const { rows } = await sql<{ seq: string }>`select seq from audit_heads where org = ${org}`.execute(db);
      return Number(rows[0]?.seq ?? 0);
    },
    after: (org, seq, limit) => readStretch(db, org, seq, limit),
  };
}

async function readHistory(tx: Db, org: Org, id: RequestId): Promise<RequestHistory | undefined> {
  const [request] = await selectRequests(tx, sql`q.org = ${org} and q.id = ${id}`);
  if (request === undefined) return undefined;
  const clock = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(tx);
  const now = clock.rows[0]?.now;
  if (now === undefined) throw new Error('the database did not tell the time');
  const { rows } = await sql<
    EventRow & { seq: string | null; hash: string | null }
  >`select c.seq, encode(c.hash, 'hex') as hash, ${eventColumns}
    from audit a left join audit_chain c on c.event_id = a.id
    where a.org = ${org} and a.request_id = ${id} and (a.action <> 'refused' or a.id in (
      select r.id from audit r where r.org = ${org} and r.request_id = ${id} and r.action = 'refused' order by r.id desc limit ${mostRefusals}))
    order by a.id`.execute(tx);
  const events = rows.map((row) => ({
    ...toRequestEvent(row),
    seq: row.seq === null ? undefined : Number(row.seq),
    hash: row.hash ?? undefined,
  }));
  return { request, now: toInstant(now), grant: await readGrant(tx, org, id), events };
}

async function readCircumstances(db: Db, org: Org, id: RequestId): Promise<Circumstances> {
  const { rows } = await sql<{ preexisting: boolean; preapproved: boolean }>`select
      exists (select from requests q
        join rights r on r.org = q.org and r.integration = q.integration and r.access_type = q.access_type and r.resource = q.resource
          and r.person_id = q.principal_id
        join grants g on g.org = r.org and g.right_id = r.id
        where q.org = ${org} and q.id = ${id} and g.request_id <> q.id and g.state = 'active' and (g.recurring is null or g.opened_at is not null)) as preexisting,
      exists (select from audit
        where org = ${org} and request_id = ${id} and action = 'request.approved' and data->>'preApproval' is not null) as preapproved`.execute(
    db,
  );
  return { isPreexisting: rows[0]?.preexisting === true, isPreapproved: rows[0]?.preapproved === true };
}

type GrantRow = {
  account: string;
  latest_end: Date;
  granted_at: Date | null;
  expires_at: Date | null;
  lateness_ms: number | null;
  call_started: Date | null;
  observed: Observed;
  given_answer: TargetAnswer | null;
  gone_answer: TargetAnswer | null;
};

async function readGrant(tx: Db, org: Org, id: RequestId): Promise<GrantRecord | undefined> {
  const { rows } = await sql<GrantRow>`select r.account, g.latest_end, g.granted_at, g.expires_at,
      round(extract(epoch from g.gone_at - g.end_at) * 1000)::float8 as lateness_ms, nullif(r.call_started, 'epoch') as call_started, r.observed,
      g.given_answer, g.gone_answer
    from grants g join rights r on r.org = g.org and r.id = g.right_id
    where g.org = ${org} and g.request_id = ${id}`.execute(tx);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    account: row.account,
    latestEnd: toInstant(row.latest_end),
    grantedAt: row.granted_at === null ? undefined : toInstant(row.granted_at),
    expiresAt: row.expires_at === null ? undefined : toInstant(row.expires_at),
    latenessMs: row.lateness_ms ?? undefined,
    lastCall: row.call_started === null ? undefined : { at: toInstant(row.call_started), observed: row.observed },
    said:
      row.given_answer === null && row.gone_answer === null
        ? undefined
        : { given: row.given_answer ?? undefined, gone: row.gone_answer ?? undefined },
  };
}

/** Whatever is not about a request is counted and not read: the data of other events can be large. */
async function readStretch(db: Db, org: Org, after: number, limit: number): Promise<SealedStretch> {
  const { rows } = await sql<(EventRow | { id: null }) & { seq: string }>`select c.seq, ${eventColumns}
    from audit_chain c left join audit a on a.id = c.event_id and a.org = c.org and a.request_id is not null
      and (starts_with(a.action, 'request.') or starts_with(a.action, 'grant.'))
    where c.org = ${org} and c.seq > ${after} order by c.seq limit ${limit}`.execute(db);
  const events = rows.flatMap((row) => (row.id === null ? [] : [{ ...toRequestEvent(row), seq: Number(row.seq) }]));
  return { events, upTo: Number(rows.at(-1)?.seq ?? after) };
}

/** Written by us only, from the same types. */
function toRequestEvent({ time, action, actor, request, grant, data }: EventRow): Omit<RequestEvent, 'seq'> {
  const id = parseRequestId(request ?? '');
  if (id === undefined) throw new Error('an event about a request names none');
  const grantId = grant === null ? undefined : parseGrantId(grant);
  return { time, action, actor: actor as Actor, request: id, grant: grantId, data: data as Record<string, unknown> };
}

const toInstant = (date: Date): Instant => instant(date.getTime());
