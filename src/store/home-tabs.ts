import { sql } from 'kysely';
import type { DrawingBegun, HomeDrawn, HomeTabs } from '../app/home-tabs-store.ts';
import type { Person } from '../domain/request.ts';
import { parseEmail, parsePersonId } from '../domain/ids.ts';
import type { Db } from './database.ts';
import { driftStamp } from './drift-notices.ts';
import { stuckRights } from './left-behind.ts';
import { rulesOf } from './rules-stamp.ts';

/** Of a grant `g` that is live: when its access has to be gone, or had to be since its hours closed. */
export const lastMoment = sql`least(coalesce(g.end_at, g.expires_at, g.latest_end), case when g.opened_at is not null then
  case when g.opens_at > g.opened_at then g.closed_at else g.closes_at end end)`;
/** A statement: what is past its end by more than a minute, or could not be given and may be there all the same, and was not seen gone. */
export const overdueGrants = sql`with ${stuckRights}
  select g.org, g.request_id, g.right_id, coalesce(g.end_at, g.expires_at, g.latest_end) as since from grants g
  where g.state in ('planned', 'active', 'ending') and ${lastMoment} < clock_timestamp() - interval '1 minute'
  union all select org, request_id, id, failed_at from left_behind where failed_at < clock_timestamp() - interval '1 minute'`;

const isLately = sql`h.opened_at > clock_timestamp() - interval '24 hours'`;
/** Soon, so that what follows at once comes in one; and not again right after it was drawn. */
const soon = sql`greatest(clock_timestamp() + interval '1 second', h.drawn_at + interval '5 seconds')`;
/** Of a tab `h`: it is looked at soon. */
export const tabChanged = sql`changes = h.changes + 1, publish_at = least(h.publish_at, ${soon})`;

export const createHomeTabs = (db: Db): HomeTabs => ({
  async begin(org, account) {
    const { rows } = await sql<DrawingBegun>`
      insert into homes as h (org, account, opened_at, draws, publish_at, rules)
      values (${org}, ${account}, clock_timestamp(), 1, clock_timestamp() + interval '30 seconds', ${rulesOf(sql`${org}`)})
      on conflict (org, account) do update set opened_at = excluded.opened_at, draws = h.draws + 1,
        publish_at = least(h.publish_at, excluded.publish_at), rules = excluded.rules
      returning draws::text, changes::text`.execute(db);
    const [begun] = rows;
    if (begun === undefined) throw new Error('a home tab that was just put down is not there');
    return begun;
  },
  async drawn(org, account, begun, drawn) {
    await sql`update homes h set ${asDrawn(begun, drawn)} where h.org = ${org} and h.account = ${account}`.execute(db);
  },
  async openers(org, request, limit) {
    const { rows } = await sql<{ id: string; email: string }>`select p.id, p.email from homes h
      join people p on p.org = h.org and p.id = h.person_id
      where h.org = ${org} and ${isLately} and not (h.waiting @> array[${request}]::uuid[]) order by h.opened_at desc limit ${limit}`.execute(
      db,
    );
    return rows.map(toPerson);
  },
  async change(org, request, people) {
    await sql`update homes h set ${tabChanged} where h.org = ${org} and ${isLately}
      and (h.person_id = any(${[...people]}::uuid[]) or h.waiting @> array[${request}]::uuid[] or h.overdue > 0)`.execute(db);
  },
  async changeByRules() {
    await sql`with open as (
        select distinct h.org from homes h where ${isLately} and h.publish_at is null and h.person_id is not null),
      now_ruled as (select open.org, ${rulesOf(sql.ref('open.org'))} as rules from open)
      update homes h set ${tabChanged} from now_ruled
      where h.org = now_ruled.org and ${isLately} and h.publish_at is null and h.person_id is not null
        and h.rules <> now_ruled.rules`.execute(db);
  },
  async changeByFaults() {
    await sql`with told as (
        select distinct h.org from homes h where ${isLately} and h.overdue is not null and h.publish_at is null),
      late as (${overdueGrants}),
      counted as (select told.org, (select count(*) from late where late.org = told.org)::int as count,
        ${driftStamp(sql.ref('told.org'))} as drift from told)
      update homes h set ${tabChanged} from counted
      where h.org = counted.org and ${isLately} and h.publish_at is null and (h.overdue <> counted.count or h.drift <> counted.drift)`.execute(
      db,
    );
  },
  async due(org, limit) {
    const { rows } = await sql<{ account: string }>`
      with due as (select org, account from homes where org = ${org} and publish_at <= clock_timestamp() order by publish_at limit ${limit} for update skip locked)
      update homes h set publish_at = clock_timestamp() + interval '20 seconds' from due
      where h.org = due.org and h.account = due.account returning h.account`.execute(db);
    return rows.map(({ account }) => account);
  },
  async claim(org, account) {
    const { rows } = await sql<DrawingBegun & { place: string; shown: string }>`
      update homes h set lease_until = clock_timestamp() + interval '30 seconds', draws = h.draws + 1,
        rules = ${rulesOf(sql.ref('h.org'))}
      where h.org = ${org} and h.account = ${account} and ${isLately} and h.publish_at is not null and (h.lease_until is null or h.lease_until < clock_timestamp())
      returning h.place, h.shown, h.draws::text, h.changes::text`.execute(db);
    const [row] = rows;
    return row && { account, ...row };
  },
  async release(org, claim, came) {
    const mine = sql`h.org = ${org} and h.account = ${claim.account}`;
    if (came === 'gone') await sql`delete from homes h where ${mine} and h.draws = ${claim.draws}::bigint`.execute(db);
    else if (came === 'failed')
      await sql`update homes h set lease_until = null, shown = '', publish_at = clock_timestamp() + interval '10 seconds'
        where ${mine} and h.draws = ${claim.draws}::bigint`.execute(db);
    else await sql`update homes h set lease_until = null, ${asDrawn(claim, came)} where ${mine}`.execute(db);
  },
  async forget(limit) {
    const { numAffectedRows } = await sql`delete from homes where (org, account) in (
      select org, account from homes where opened_at < clock_timestamp() - interval '24 hours' limit ${limit} for update skip locked)`.execute(
      db,
    );
    return Number(numAffectedRows ?? 0);
  },
});

/**
 * True only where no other drawing had begun meanwhile, and to be looked at again where anything changed. What changed for a
 * person meanwhile was put down only if the tab was known to be theirs.
 */
function asDrawn({ draws, changes }: DrawingBegun, { person, shown, place, waiting, overdue, drift }: HomeDrawn) {
  const isLast = sql`h.draws = ${draws}::bigint`;
  return sql`person_id = ${person ?? null}::uuid, shown = case when ${isLast} then ${shown} else '' end, place = ${place}, waiting = ${[...waiting]}::uuid[],
    overdue = ${overdue ?? null}::int, drift = ${drift ?? null}::text, drawn_at = clock_timestamp(),
    publish_at = case when not ${isLast} or h.person_id is distinct from ${person ?? null}::uuid then clock_timestamp() + interval '1 second'
      when h.changes = ${changes}::bigint then null else clock_timestamp() + interval '5 seconds' end`;
}

function toPerson({ id, email }: { readonly id: string; readonly email: string }): Person {
  const [personId, address] = [parsePersonId(id), parseEmail(email)];
  if (personId === undefined || address === undefined) throw new Error('a person is stored with an id or address that cannot exist');
  return { id: personId, email: address };
}
