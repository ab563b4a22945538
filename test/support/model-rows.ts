import type pg from 'pg';
import { parseRequestId, type PersonId, type RequestId } from '../../src/domain/ids.ts';
import { lengths } from '../model/database.ts';
import { type Grant, type GrantState, none, type Row, type State, tickMs } from '../model/state.ts';
import { org } from './world.ts';

/** One right of the model, as it stands in the tables. */
export type Rows = Pick<State, 'row' | 'grants'>;
/** When it was this tick, in milliseconds of the database's clock since the epoch. */
export type Anchor = { readonly ms: number; readonly tick: number };

/** In the model a step lasts no time. In the database all of them together may last so long for the ticks to be the same. */
export const mostLateMs = 400;
const soonerMs = 450;

const idOf = (kind: number, right: number, grant = 0): string => `0000000${kind}-0000-7000-8000-0000000${right}000${grant}`;
const rightId = (right: number): string => idOf(1, right);
const grantId = (right: number, grant: number): string => idOf(3, right, grant);

export function requestId(right: number, grant: number): RequestId {
  const id = parseRequestId(idOf(2, right, grant));
  if (id === undefined) throw new Error('no id of a request');
  return id;
}

/** Which one it is of those that were written. */
export const numberOf = (id: string): number => Number(id.at(-5));

/** In the model each claim is another worker's. In the tables a process has one name for all of its own: two of these claims, and later ones. */
export const processOf = (who: number): number => Math.floor(who / 2) % 2;
export const workerName = (who: number): string => `worker ${processOf(who)}`;

/** Puts these rights in place of all that are there. */
export async function writeRows(pool: pg.Pool, all: readonly Rows[], tick: number, person: PersonId): Promise<Anchor> {
  const client = await pool.connect();
  try {
    // Without triggers: nobody has decided what is written here, and it leads to nothing.
    await client.query('begin; set local session_replication_role = replica');
    for (const table of ['outbox', 'grants', 'rights', 'requests']) await client.query(`delete from ${table}`);
    const { rows } = await client.query<{ ms: number }>('select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as ms');
    const anchor = { ms: rows[0]?.ms ?? 0, tick };
    const requests = all.flatMap(({ grants }, right) => grants.map(({ state }, at) => ({ id: requestId(right, at), state, right })));
    const grants = all.flatMap((each, right) =>
      each.grants.flatMap((grant, at) => (grant.state === 'none' ? [] : [grantRow(grant, right, at, anchor)])),
    );
    await client.query(insertRequests, [JSON.stringify(requests), org, person]);
    const rights = all.map(({ row }, right) => rightRow(row, right, anchor));
    await client.query(insertRights, [JSON.stringify(rights), org, person]);
    await client.query(insertGrants, [JSON.stringify(grants), org]);
    await client.query('commit');
    client.release();
    return anchor;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const insertRequests = `
insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named, created_at,
  approvable_until, state, decided_at, decided_policy, decided_seconds)
select $2, r.id, $3::uuid, $3::uuid, 'sample', 'pg', 'role', 'right ' || r."right", 60, true, now(), now() + interval '1 hour',
  case r.state when 'none' then 'pending' else 'approved' end, case when r.state <> 'none' then now() end,
  case when r.state <> 'none' then 'rule' end, case when r.state <> 'none' then 60 end
from jsonb_to_recordset($1::jsonb) as r (id uuid, state text, "right" int)`;

const insertRights = `
insert into rights (org, id, integration, service, access_type, resource, person_id, account, observed, baseline, call_started, quarantine_until, attempts,
  settled_for, fence, generation, lease_owner, lease_until, lane, due_at)
select $2, r.id, 'sample', 'pg', 'role', 'right ' || r."right", $3::uuid, 'account', r.observed, r.baseline, r.call_started, r.quarantine_until, r.attempts,
  r.settled_for, 7, 3, r.lease_owner, r.lease_until, r.lane, r.due_at
from jsonb_to_recordset($1::jsonb) as r (id uuid, "right" int, observed text, baseline text, call_started timestamptz, quarantine_until timestamptz,
  attempts int, settled_for text, lease_owner text, lease_until timestamptz, lane text, due_at timestamptz)`;

/** One that is ending or over has been there, or not: nothing asks for that. */
const insertGrants = `
insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until, granted_at, expires_at, end_kind, end_at, gone_at, failed_at, why)
select $2, g.id, g.request_id, g.right_id, g.seconds, g.state, greatest(g.provision_until, g.until) + interval '1 hour', g.provision_until,
  case g.state when 'active' then g.until - g.seconds * interval '1 second' end, case g.state when 'active' then g.until end,
  case when g.state in ('ending', 'ended') then 'relinquished' end, case when g.state in ('ending', 'ended') then g.until end,
  case g.state when 'ended' then now() end, case g.state when 'failed' then now() end, case g.state when 'failed' then 'refused' end
from jsonb_to_recordset($1::jsonb) as g (id uuid, request_id uuid, right_id uuid, seconds int, state text, until timestamptz, provision_until timestamptz)`;

const timeOf = (ticks: number, { ms, tick }: Anchor, more = 0): string | null =>
  ticks === none ? null : new Date(ms + (ticks - tick) * tickMs + more).toISOString();

function rightRow(row: Row, right: number, anchor: Anchor): object {
  const { quarantineUntilMs } = row;
  return {
    id: rightId(right),
    right,
    observed: row.observed,
    baseline: row.baseline,
    call_started: timeOf(row.callStarted, anchor),
    quarantine_until: quarantineUntilMs === none ? null : timeOf(0, anchor, quarantineUntilMs),
    attempts: row.attempts,
    settled_for: row.settledFor,
    lease_owner: row.owner === none ? null : workerName(row.owner),
    lease_until: timeOf(row.leaseUntil, anchor, restOfTickMs),
    lane: row.lane,
    due_at: timeOf(row.due, anchor),
  };
}

const grantRow = ({ state, end, provisionUntil }: Grant, right: number, at: number, anchor: Anchor): object => ({
  id: grantId(right, at),
  request_id: requestId(right, at),
  right_id: rightId(right),
  seconds: (lengths * tickMs) / 1000,
  state,
  until: timeOf(end, anchor),
  provision_until: timeOf(provisionUntil, anchor),
});

/** In the model a lease lasts to the end of its last tick. */
const restOfTickMs = tickMs / 2;
export const lengthenLeases = `update rights set lease_until = lease_until + interval '${restOfTickMs} milliseconds' where id = any ($1::uuid[])`;

type Found = {
  readonly now: number;
  readonly observed: Row['observed'];
  readonly baseline: Row['settledFor'] | null;
  readonly call_started: number;
  readonly quarantine_until: number | null;
  readonly attempts: number;
  readonly settled_for: Row['settledFor'];
  readonly lease_owner: string | null;
  readonly lease_until: number | null;
  readonly lane: Row['lane'];
  readonly due_at: number | null;
  readonly grants: readonly { readonly state: GrantState | null; readonly end: number | null; readonly provision_until: number | null }[];
};

const ms = (time: string): string => `(extract(epoch from ${time}) * 1000)::float8`;
const selectRows = `
select ${ms('clock_timestamp()')} as now, r.observed, r.baseline, r.attempts, r.settled_for, r.lease_owner, r.lane, ${ms('r.call_started')} as call_started,
  ${ms('r.quarantine_until')} as quarantine_until, ${ms('r.lease_until')} as lease_until, ${ms('r.due_at')} as due_at,
  (select json_agg(json_build_object('state', g.state, 'end', ${ms('coalesce(g.end_at, g.expires_at)')}, 'provision_until', ${ms('g.provision_until')}) order by q.id)
    from requests q left join grants g on g.org = q.org and g.request_id = q.id where q.org = r.org and q.resource = r.resource) as grants
from rights r order by r.id`;

/** The rights as the model has them. Undefined: it has taken so long that ticks cannot be told any more. */
export async function readRows(pool: pg.Pool, anchor: Anchor): Promise<readonly Rows[] | undefined> {
  const { rows } = await pool.query<Found>({ name: 'model-rows', text: selectRows });
  if (rows.some(({ now }) => now - anchor.ms > mostLateMs)) return undefined;
  return rows.map((found) => toRows(found, anchor));
}

function toRows(found: Found, anchor: Anchor): Rows {
  const since = (at: number): number => anchor.tick * tickMs + at - anchor.ms;
  const last = (at: number | null): number => (at === null ? none : Math.floor(since(at) / tickMs));
  const next = (at: number | null): number => (at === null ? none : Math.ceil((since(at) - soonerMs) / tickMs));
  return {
    row: {
      observed: found.observed,
      callStarted: last(found.call_started),
      quarantineUntilMs: found.quarantine_until === null ? none : Math.floor(since(found.quarantine_until) / 1000) * 1000,
      attempts: found.attempts,
      settledFor: found.settled_for,
      owner: found.lease_owner === null ? none : Number(found.lease_owner.split(' ')[1]),
      leaseUntil: last(found.lease_until),
      due: next(found.due_at),
      lane: found.lane,
      baseline: found.baseline ?? undefined,
    },
    grants: found.grants.map(({ state, end, provision_until }) => ({
      state: state ?? 'none',
      end: next(end),
      provisionUntil: next(provision_until),
    })),
  };
}
