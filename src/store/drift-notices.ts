import { type RawBuilder, sql } from 'kysely';
import type { DriftMessage, DriftNotice, DriftNotices, DriftPlace } from '../app/drift-notices-store.ts';
import type { Finding, OrphanFinding } from '../domain/drift.ts';
import { parseEmail } from '../domain/ids.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';

/** Longer than a turn at one message takes. */
const lease = sql`clock_timestamp() + interval '1 minute'`;
const claimedAtOnce = 10;

/** All that is found in an organisation now. */
const found = (org: RawBuilder<unknown>) => sql`(
  select integration, found_at, null as problem from drifts where org = ${org}
  union all select integration, found_at, problem from orphans where org = ${org})`;
const stampOf = (f: RawBuilder<unknown>) =>
  sql`concat_ws('/', count(${f}.found_at), max(${f}.found_at), md5(string_agg(${f}.problem, ',' order by ${f}.found_at)))`;
/** Tells one state of what is found from another. */
export const driftStamp = (org: RawBuilder<unknown>) => sql`(select ${stampOf(sql`f`)} from ${found(org)} f)`;

/** Each notice is about what was found from the end of the one before it, whoever wrote it down late, to an hour after it began. */
const span = sql`interval '1 hour'`;
const notices = sql`(select n.*, n.since + ${span} as closes,
  coalesce(lag(n.since) over (partition by n.org, n.integration order by n.since, n.id) + ${span}, '-infinity') as opens from drift_notices n)`;

type Row = { integration: string; access_type: string; resource: string; account: string; found_at: Date; count: number };
const toFinding = ({ integration, access_type, resource, account, found_at }: Row): Finding => ({
  integration,
  accessType: access_type,
  resource,
  account,
  foundAt: instant(found_at.getTime()),
});
const toOrphan = (row: Row & { is_ours: boolean; problem: string | null }): OrphanFinding => ({
  ...toFinding(row),
  isOurs: row.is_ours,
  problem: row.problem ?? undefined,
});

export const createDriftNotices = (db: Db): DriftNotices => ({
  async findings(org, notice, limit) {
    // Of a finding `x`.
    const isMeant = sql`x.org = ${org} and (${notice ?? null}::bigint is null or exists (select from ${notices} n
      where n.org = x.org and n.id = ${notice ?? null}::bigint and n.integration = x.integration and x.found_at >= n.opens and x.found_at < n.closes))`;
    const last = sql`order by x.found_at desc, account, access_type, resource limit ${limit}`;
    const [removed, orphans] = await Promise.all([
      sql<Row>`select x.integration, r.access_type, r.resource, r.account, x.found_at, count(*) over ()::int as count
        from drifts x join rights r on r.org = x.org and r.id = x.right_id where ${isMeant} ${last}`.execute(db),
      sql<Parameters<typeof toOrphan>[0]>`select x.*, count(*) over ()::int as count from orphans x where ${isMeant} ${last}`.execute(db),
    ]);
    return {
      removed: { count: removed.rows[0]?.count ?? 0, shown: removed.rows.map(toFinding) },
      orphans: { count: orphans.rows[0]?.count ?? 0, shown: orphans.rows.map(toOrphan) },
    };
  },
  async stamp(org) {
    const { rows } = await sql<{ stamp: string }>`select ${driftStamp(sql`${org}`)} as stamp`.execute(db);
    return rows[0]?.stamp ?? '';
  },
  async claim(org) {
    await sql`insert into drift_notices (org, integration)
      select distinct ${org}, f.integration from ${found(sql`${org}`)} f where not exists (
        select from drift_notices n where n.org = ${org} and n.integration = f.integration and f.found_at < n.since + ${span})`.execute(db);
    const { rows } = await sql<DriftNotice>`
      with seen as (
        select n.id, ${stampOf(sql`f`)} as stamp, count(f.found_at) = 0 and n.closes < clock_timestamp() as is_over
        from ${notices} n left join ${found(sql`${org}`)} f
          on f.integration = n.integration and f.found_at >= n.opens and f.found_at < n.closes
        where n.org = ${org} group by n.id, n.closes),
      -- Of those in which something differs, or the ones that stay as they are would stand before them for ever.
      due as (
        select d.id, seen.stamp from drift_notices d join seen on seen.id = d.id
        where d.org = ${org} and (d.shown <> seen.stamp or seen.is_over) and d.try_at <= clock_timestamp()
          and (d.lease_until is null or d.lease_until < clock_timestamp())
        order by d.id limit ${claimedAtOnce} for update of d skip locked)
      update drift_notices n set lease_until = ${lease} from due
      where n.org = ${org} and n.id = due.id
      returning n.id::text, n.integration, n.lease_until::text as token, due.stamp`.execute(db);
    return rows;
  },
  async renew(org, notice) {
    const { rows } = await sql<{ token: string }>`update drift_notices set lease_until = ${lease} where ${isMine(org, notice)}
      returning lease_until::text as token`.execute(db);
    return rows[0] && { ...notice, token: rows[0].token };
  },
  async release(org, notice, came) {
    if (came === 'failed')
      await sql`update drift_notices set lease_until = null, try_at = ${lease} where ${isMine(org, notice)}`.execute(db);
    else await sql`update drift_notices set lease_until = null, shown = ${notice.stamp} where ${isMine(org, notice)}`.execute(db);
    await sql`delete from drift_notices d where d.org = ${org} and d.id = ${notice.id}::bigint and d.shown <> '' and d.lease_until is null
      and d.since + ${span} < clock_timestamp() and not exists (select from ${notices} n join ${found(sql`${org}`)} f
        on f.integration = n.integration and f.found_at >= n.opens and f.found_at < n.closes where n.org = d.org and n.id = d.id)`.execute(
      db,
    );
  },
  async messages(org, notice) {
    const { rows } = await sql<{ place: string; channel: string; ts: string | null; shown: string; started_at: Date }>`
      select place, channel, ts, shown, started_at from drift_messages where org = ${org} and notice_id = ${notice}::bigint`.execute(db);
    return rows.map(
      ({ place, channel, ts, shown, started_at }): DriftMessage =>
        ts === null
          ? { place: toPlace(place), kind: 'attempted', channel, startedAt: instant(started_at.getTime()) }
          : { place: toPlace(place), kind: 'posted', ref: { channel, ts }, shown },
    );
  },
  async beginMessage(org, notice, place, channel) {
    await sql`insert into drift_messages (org, notice_id, place, channel) values (${org}, ${notice}::bigint, ${place ?? ''}, ${channel})
      on conflict (org, notice_id, place) do update set channel = excluded.channel, started_at = clock_timestamp()`.execute(db);
  },
  async endMessage(org, notice, place) {
    await sql`delete from drift_messages
      where org = ${org} and notice_id = ${notice}::bigint and place = ${place ?? ''} and ts is null`.execute(db);
  },
  async keepMessage(org, notice, place, { ref, shown }) {
    await sql`insert into drift_messages (org, notice_id, place, channel, ts, shown)
      values (${org}, ${notice}::bigint, ${place ?? ''}, ${ref.channel}, ${ref.ts}, ${shown})
      on conflict (org, notice_id, place) do update set channel = excluded.channel, ts = excluded.ts, shown = excluded.shown`.execute(db);
  },
});

const isMine = (org: string, { id, token }: DriftNotice) =>
  sql`org = ${org} and id = ${id}::bigint and lease_until = ${token}::timestamptz`;

function toPlace(text: string): DriftPlace {
  if (text === '') return undefined;
  const email = parseEmail(text);
  if (email === undefined) throw new Error('a message is stored with an address that cannot exist');
  return email;
}
