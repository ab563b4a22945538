import { type RawBuilder, sql } from 'kysely';
import type { NoticeStore } from '../app/notices-store.ts';
import { type Org, parseRequestId, type RequestId } from '../domain/ids.ts';
import { type SharedSlot, sharedSlots, summaryOf } from '../domain/burst.ts';
import type { Db } from './database.ts';

/** More than so many within `withinSeconds` are told in one message. */
const mostAlone = 5;
const withinSeconds = 60;
/** A message that cannot be posted takes more in, but not for ever: what was told so late is no burst any more. */
const openHours = 6;
/** One message stands for so many, at most: all of them are read whenever it is looked at. The next begins another. */
export const mostTogether = 500;

type Notices = Pick<NoticeStore, 'sharedNotices' | 'shareNotice' | 'sharers' | 'keepShared' | 'wakeNotice'>;
type About = { readonly org: Org; readonly principal: string; readonly slot: SharedSlot };

/** Notices to one person that are told together. */
export function createSharedNotices(db: Db): Notices {
  return {
    async sharedNotices(org, id) {
      const { rows } = await sql<{ slot: string; leader: string; shown: string }>`
        select slot, leader, shown from shared_notices where org = ${org} and request_id = ${id} and leader is not null`.execute(db);
      return rows.flatMap(({ slot: name, leader, shown }) => {
        const slot = sharedSlots.find((known) => known === name);
        return slot === undefined ? [] : [{ slot, leader: idOf(leader), shown }];
      });
    },
    shareNotice: (org, id, principal, slot) =>
      db.transaction().execute(async (tx) => {
        const about = { org, principal, slot };
        await sql`select pg_advisory_xact_lock(hashtextextended(${`notices ${org} ${principal} ${slot}`}, 0))`.execute(tx);
        const found = await standing(tx, about, id);
        if (found.leader !== null) return idOf(found.leader);
        const { ids, isOwn } = await waiting(tx, about, id, mostTogether - found.sharers);
        const leader = isOwn ? undefined : found.open !== null ? idOf(found.open) : found.recent + ids.length > mostAlone ? id : undefined;
        await keep(tx, about, leader === undefined ? [id] : ids, leader);
        return leader;
      }),
    async sharers(org, leader, slot) {
      const { rows } = await sql<{ id: string }>`select request_id as id from shared_notices
        where org = ${org} and leader = ${leader} and slot = ${slot} order by decided_at, request_id`.execute(db);
      return rows.map((row) => idOf(row.id));
    },
    async keepShared(org, slot, told) {
      await sql`update shared_notices s set shown = t.shown
        from unnest(${told.map(({ id }) => id)}::uuid[], ${told.map(({ shown }) => shown)}::text[]) as t (id, shown)
        where s.org = ${org} and s.slot = ${slot} and s.request_id = t.id and s.shown <> t.shown`.execute(db);
    },
    async wakeNotice(org, id) {
      await sql`insert into outbox (org, kind, subject) values (${org}, 'notify', ${id})`.execute(db);
    },
  };
}

/** What was decided of it, what may be joined and how many have, and how many of the same kind were decided lately. */
async function standing(db: Db, { org, principal, slot }: About, id: RequestId) {
  const isRecent = sql`s.decided_at > clock_timestamp() - ${withinSeconds}::float8 * interval '1 second'`;
  const mine = sql`from shared_notices s where s.org = ${org} and s.principal_id = ${principal} and s.slot = ${slot}`;
  const { rows } = await sql<{ leader: string | null; open: string | null; sharers: number; recent: number }>`
    select (select s.leader ${mine} and s.request_id = ${id}) as leader, led.open, coalesce(led.sharers, 0) as sharers,
      (select count(*)::int ${mine} and s.request_id <> ${id} and ${isRecent}) as recent
    from (values (1)) one left join (
      select l.open, l.sharers from (
        select s.request_id as open, s.decided_at, (select count(*)::int from shared_notices t
          where t.org = s.org and t.leader = s.request_id and t.slot = s.slot) as sharers
        ${mine} and s.leader = s.request_id and (${isRecent}
          or s.decided_at > clock_timestamp() - ${openHours}::float8 * interval '1 hour' and not exists (
            select from messages m where m.org = s.org and m.request_id = s.request_id and m.slot = ${summaryOf[slot]}))) l
      where l.sharers < ${mostTogether} order by l.decided_at desc limit 1) led on true`.execute(db);
  return rows[0] ?? { leader: null, open: null, sharers: 0, recent: 0 };
}

const holds: Readonly<Record<SharedSlot, RawBuilder<unknown>>> = {
  access: sql`g.state = 'active'`,
  // When one is warned of, its own look tells: each joins by itself.
  warning: sql`false`,
  // Where more time took over, nothing has ended.
  ended: sql`g.state = 'ended' and not exists (select from requests e join grants y on y.org = e.org and y.request_id = e.id
    where e.org = q.org and e.extends = q.id and y.expires_at is not null)`,
};

/**
 * The requests of this person whose notice of that kind waits to be told, this one among them. One that was to be told alone
 * and was not, for longer than a turn lasts, waits again.
 * @returns `isOwn`: this one keeps a message of its own, because a password can be fetched by it
 */
async function waiting(db: Db, { org, principal, slot }: About, id: RequestId, room: number) {
  const { rows } = await sql<{ id: string; own: boolean }>`
    select q.id, ${slot === 'access' ? hasPassword : sql`false`} as own
    from requests q join grants g on g.org = q.org and g.request_id = q.id
    where q.org = ${org} and q.principal_id = ${principal} and ${holds[slot]}
      and (q.id = ${id} or exists (select from outbox o where o.org = q.org and o.subject = q.id and o.kind = 'notify'))
      and not exists (select from messages m where m.org = q.org and m.request_id = q.id and m.slot = ${slot})
      and not exists (select from posting_attempts p where p.org = q.org and p.request_id = q.id and p.slot = ${slot})
      and not exists (select from shared_notices s where s.org = q.org and s.request_id = q.id and s.slot = ${slot} and q.id <> ${id}
        and (s.leader is not null or s.decided_at > clock_timestamp() - ${withinSeconds}::float8 * interval '1 second'))
    order by q.id <> ${id}, q.id limit ${room}`.execute(db);
  const ids = rows.filter(({ own }) => !own).map((row) => idOf(row.id));
  // It is the first of them unless it has changed since it was read.
  return { ids: ids.includes(id) ? ids : [id, ...ids.slice(0, room - 1)], isOwn: rows.some((row) => row.own && row.id === id) };
}

/**
 * A password waits behind this account, and no other request has a message of its own from which it can be fetched. Looked up in this
 * order: before PostgreSQL knows how much there is, it takes "of this organisation" for one row, and would try all with all.
 */
const hasPassword = sql`exists (select from rights r join accounts a on a.org = r.org and a.integration = r.integration and a.account = r.account
  where r.org = g.org and r.id = g.right_id and a.secret is not null and not exists (
    select from (select s.request_id from shared_notices s where s.org = q.org and s.principal_id = q.principal_id and s.slot = 'access'
      and s.leader is null and s.request_id <> q.id offset 0) s
    cross join lateral (select h.right_id from grants h where h.org = q.org and h.request_id = s.request_id and h.state = 'active' offset 0) h
    cross join lateral (select from rights w where w.org = q.org and w.id = h.right_id
      and w.integration = r.integration and w.account = r.account offset 0) w))`;

async function keep(db: Db, { org, principal, slot }: About, ids: readonly RequestId[], leader: RequestId | undefined): Promise<void> {
  await sql`with t as materialized (select clock_timestamp() as at)
    insert into shared_notices (org, request_id, slot, principal_id, leader, decided_at)
    select ${org}, id, ${slot}, ${principal}, ${leader ?? null}::uuid, t.at from unnest(${[...ids]}::uuid[]) as i (id), t
    on conflict (org, request_id, slot) do update set leader = excluded.leader, decided_at = excluded.decided_at`.execute(db);
}

function idOf(text: string): RequestId {
  const id = parseRequestId(text);
  if (id === undefined) throw new Error('a request is stored with an id that cannot exist');
  return id;
}
