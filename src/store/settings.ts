import { sql } from 'kysely';
import type { SettingsReads, SettingsWrites } from '../app/settings-store.ts';
import type { Org } from '../domain/ids.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';
import type { Db } from './database.ts';
import { auditFrom, lookFrom, notifyFrom } from './journal.ts';

type Row = { document: Settings; version: string };

export const createSettingsReads = (db: Db): SettingsReads => ({
  async read(org) {
    const { rows } = await sql<Row>`select document, version from settings where org = ${org}`.execute(db);
    const [row] = rows;
    return row === undefined ? { settings: defaultSettings, version: '0' } : { settings: row.document, version: row.version };
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
    shorten: (actor, org, { standing }, maximum) => shortenGrants(tx, actor, org, standing, maximum),
  };
}

/** Rights first, in order, then grants: the lock order of every transition. */
async function shortenGrants(tx: Db, actor: Parameters<SettingsWrites['put']>[0], org: Org, standing: boolean, maximum: number) {
  // A chain of extensions counts from its first grant.
  const tooLong = sql`g.org = ${org} and g.standing = ${standing} and g.state in ('planned', 'active')
    and (g.seconds > ${maximum} or coalesce(g.expires_at, g.latest_end) > g.chain_from + ${maximum} * interval '1 second')`;
  await sql`select from rights where org = ${org} and id in (select right_id from grants g where ${tooLong}) order by id for no key update`.execute(
    tx,
  );
  await sql`with now as (select date_trunc('second', clock_timestamp()) + interval '1 second' as soon),
    ends as (
      select g.org, g.id, g.state, g.expires_at as was,
        greatest(least(g.latest_end, coalesce(g.chain_from, g.provision_until) + ${maximum} * interval '1 second'), now.soon) as latest,
        -- A planned grant has no end yet, and "least" would take the other figure for one.
        case g.state when 'active' then least(g.expires_at, greatest(coalesce(g.chain_from, g.granted_at) + ${maximum} * interval '1 second', now.soon)) end as ends
      from grants g, now where ${tooLong}),
    g as (
      update grants g set
        -- What has lasted longer already cannot be undone: then it ends now, and the figure says how long it was.
        seconds = case e.state when 'active' then greatest(1, ceil(extract(epoch from e.ends - g.granted_at))) else least(g.seconds, ${maximum}) end,
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
