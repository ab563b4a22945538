import { sql } from 'kysely';
import type { SettingsReads, SettingsWrites } from '../app/settings-store.ts';
import type { Org } from '../domain/ids.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { auditFrom, lookFrom, notifyFrom } from './journal.ts';
import { type BindingRow, selectBindings, toBinding } from './roles.ts';

type Row = { document: Settings; version: string };

export const createSettingsReads = (db: Db): SettingsReads => ({
  async read(org) {
    // One statement, so that bindings and version are of one moment.
    const { rows } = await sql<Partial<Row> & { bindings: BindingRow[] }>`select s.document, s.version,
        coalesce((select jsonb_agg(to_jsonb(b) order by n) from (select *, row_number() over () as n from (${selectBindings(org)}) b) b), '[]') as bindings
      from (select) one left join settings s on s.org = ${org}`.execute(db);
    const [row] = rows;
    return { settings: row?.document ?? defaultSettings, version: row?.version ?? '0', roles: (row?.bindings ?? []).flatMap(toBinding) };
  },
  async foresee(org, { standing }, maximum) {
    const { rows } = await sql<{ count: number; first: Date | null }>`with ${newEnds(org, standing, maximum)}
      select count(*)::int as count, min(coalesce(ends, latest)) as first from ends`.execute(db);
    const first = rows[0]?.first ?? undefined;
    return { count: rows[0]?.count ?? 0, firstEnd: first === undefined ? undefined : instant(first.getTime()) };
  },
});

export function createSettingsWrites(tx: Db): SettingsWrites {
  return {
    async lock(org) {
      await sql`select pg_advisory_xact_lock(hashtext('curfew settings'), hashtext(${org}))`.execute(tx);
      await sql`insert into settings (org, document) values (${org}, ${JSON.stringify(defaultSettings)}::jsonb) on conflict do nothing`.execute(
        tx,
      );
      const { rows } = await sql<Row>`select document, version from settings where org = ${org}`.execute(tx);
      const [row] = rows;
      if (row === undefined) throw new Error('settings that were just made are not there');
      return { settings: row.document, version: row.version };
    },
    async put(actor, org, settings, { setting, before, after }) {
      const { rows } = await sql<{ version: string }>`with t as (
          update settings set document = ${JSON.stringify(settings)}::jsonb, version = version + 1, updated_at = clock_timestamp()
          where org = ${org} returning org, null::uuid as request_id, null::uuid as grant_id, version),
        a as (${auditFrom('t', 'settings.changed', actor, sql`${JSON.stringify({ setting, before, after })}::jsonb`)})
        select version from t`.execute(tx);
      const [row] = rows;
      if (row === undefined) throw new Error('settings that were locked are not there');
      return row.version;
    },
    async count(org) {
      const { rows } = await sql<{ version: string }>`update settings set version = version + 1, updated_at = clock_timestamp()
        where org = ${org} returning version`.execute(tx);
      const [row] = rows;
      if (row === undefined) throw new Error('settings that were locked are not there');
      return row.version;
    },
    shorten: (actor, org, { standing }, maximum) => shortenGrants(tx, actor, org, standing, maximum),
  };
}

/**
 * When a grant must end that a persistent policy gave by itself on top of other access: so long after its decision, but
 * not before what people, or being on call, gave in that chain.
 */
const limitOfPolicy = (maximum: number) => sql`
  select greatest(date_trunc('second', q.decided_at) + ${maximum} * interval '1 second',
    (select max(y.expires_at) from requests p join grants y on y.org = p.org and y.request_id = p.id
      where p.org = q.org and q.first_id in (p.id, p.first_id) and p.id <> q.id and not (${isOfPolicy('p')}))) as until
  from requests q where q.org = g.org and q.id = g.request_id and ${isOfPolicy('q')}`;

/** Which kind of rule it was only its first event says. */
const isOfPolicy = (request: 'p' | 'q') => {
  const column = (name: string) => sql.ref(`${request}.${name}`);
  return sql`${column('extends')} is not null and ${column('decided_policy')} is not null and exists (select from audit e
    where e.org = ${column('org')} and e.request_id = ${column('id')} and e.action = 'request.submitted' and e.data->>'outcome' = 'persistent')`;
};

/** Live grants that last longer than `maximum`. A chain of extensions counts from its first grant. */
const tooLong = (org: Org, standing: boolean, maximum: number) => sql`
  grants g left join lateral (${limitOfPolicy(maximum)}) by_policy on ${standing}
  where g.org = ${org} and g.state in ('planned', 'active') and case
    when by_policy.until is not null then coalesce(g.expires_at, g.latest_end) > by_policy.until
    else g.standing = ${standing}
      and (g.seconds > ${maximum} or coalesce(g.expires_at, g.latest_end) > g.chain_from + ${maximum} * interval '1 second') end`;

/** Tables for a statement's beginning: the moment, and when each of those grants will end instead. */
const newEnds = (org: Org, standing: boolean, maximum: number) => sql`
  now as (select date_trunc('second', clock_timestamp()) + interval '1 second' as soon),
  long as (select g.*, by_policy.until from ${tooLong(org, standing, maximum)}),
  ends as (
    select g.org, g.id, g.state, g.expires_at as was,
      case when g.until is null then least(g.seconds, ${maximum}) else g.seconds end as seconds,
      greatest(least(g.latest_end, coalesce(g.until, coalesce(g.chain_from, g.provision_until) + ${maximum} * interval '1 second')), now.soon) as latest,
      -- A planned grant has no end yet, and "least" would take the other figure for one.
      case g.state when 'active' then
        least(g.expires_at, greatest(coalesce(g.until, coalesce(g.chain_from, g.granted_at) + ${maximum} * interval '1 second'), now.soon)) end as ends
    from long g, now)`;

/** Rights first, in order, then grants: the lock order of every transition. */
async function shortenGrants(tx: Db, actor: Parameters<SettingsWrites['put']>[0], org: Org, standing: boolean, maximum: number) {
  await sql`select from rights where org = ${org} and id in (select g.right_id from ${tooLong(org, standing, maximum)})
    order by id for no key update`.execute(tx);
  await sql`with ${newEnds(org, standing, maximum)},
    g as (
      update grants g set
        -- What has lasted longer already cannot be undone: then it ends now, and the figure says how long it was.
        seconds = case e.state when 'active' then greatest(1, ceil(extract(epoch from e.ends - g.granted_at))) else e.seconds end,
        expires_at = e.ends,
        latest_end = case e.state when 'planned' then e.latest else g.latest_end end,
        provision_until = case e.state when 'planned' then least(g.provision_until, e.latest - interval '1 second') else g.provision_until end
      from ends e where g.org = e.org and g.id = e.id
      returning g.org, g.request_id, g.id as grant_id, g.right_id, g.expires_at, e.was),
    r as (
      -- The target is told of the new end where it keeps ends itself; what ends within moments is only taken away.
      update rights set generation = generation + 1,
        lane = case when soonest.at <= now.soon + interval '1 second' then 'take' else 'give' end,
        due_at = case when soonest.at <= now.soon + interval '1 second' then soonest.at else clock_timestamp() end
      from (select org, right_id, min(expires_at) as at from g group by org, right_id) soonest, now
      where rights.org = soonest.org and rights.id = soonest.right_id),
    a as (${auditFrom('g', 'grant.shortened', actor, sql`jsonb_build_object('maximumSeconds', ${maximum}::bigint, 'was', was, 'endsAt', expires_at)`)}),
    l as (${lookFrom('g')})
    ${notifyFrom('g')}`.execute(tx);
}
