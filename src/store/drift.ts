import type pg from 'pg';
import type { Drifted, DriftStore, RoundOf, WatchedRight } from '../app/drift-store.ts';
import type { DriftResponse } from '../domain/drift.ts';
import { type Org, parseRightId, type RightId } from '../domain/ids.ts';
import { strange } from './known.ts';
import { createOrphanStore } from './orphans.ts';

/**
 * What was changed at targets by others. No statement here waits for a row of `rights` or holds one for longer than itself, and
 * only where something has drifted: what is due passes over rows that are held.
 */
export const createDriftStore = (pool: pg.Pool): DriftStore => ({
  beginRound: (round, leaseSeconds) => beginRound(pool, round, leaseSeconds),
  endRound: (round, next) => endRound(pool, round, next),
  watchedRights: (org, integration, after) => watchedRights(pool, org, integration, after),
  async recordSeen(org, integration, seen, response) {
    const those = (as: 'absent' | 'present') => seen.filter(({ observed }) => observed === as).map(({ right }) => right);
    await recordRestored(pool, org, integration, those('present'));
    return recordDrift(pool, org, integration, those('absent'), response);
  },
  forgetUnwatched: (org, watched) => forgetUnwatched(pool, org, watched),
  ...createOrphanStore(pool),
});

async function beginRound(pool: pg.Pool, { org, integration, kind }: RoundOf, leaseSeconds: number): ReturnType<DriftStore['beginRound']> {
  const { rows } = await pool.query<{ after: string | null }>(
    `insert into target_rounds as t (org, integration, kind, lease_until) values ($1, $2, $3, clock_timestamp() + $4 * interval '1 second')
     on conflict (org, integration, kind) do update set lease_until = excluded.lease_until
       where t.due_at <= clock_timestamp() and (t.lease_until is null or t.lease_until < clock_timestamp())
     returning after`,
    [org, integration, kind, leaseSeconds],
  );
  return rows[0] && { after: toRightId(rows[0].after) };
}

async function endRound(pool: pg.Pool, { org, integration, kind }: RoundOf, next: Parameters<DriftStore['endRound']>[1]): Promise<void> {
  await pool.query(
    `update target_rounds set lease_until = null, after = $4, due_at = clock_timestamp() + $5 * interval '1 second'
     where org = $1 and integration = $2 and kind = $3`,
    [org, integration, kind, next.after ?? null, next.inSeconds],
  );
  if (kind !== 'rights' || next.after !== undefined) return;
  // Where nobody has a right any more, nothing is missing.
  await pool.query(
    `delete from drifts d where d.org = $1 and d.integration = $2
       and not exists (select from grants g where g.org = d.org and g.right_id = d.right_id and g.state = 'active')`,
    [org, integration],
  );
}

async function forgetUnwatched(pool: pg.Pool, org: Org, watched: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ integration: string }>({
    name: 'forget-unwatched',
    // Processes that know an integration which this one does not keep its rounds going.
    text: `with unwatched as (
        select integration from target_rounds where org = $1 and integration <> all ($2::text[])
        group by integration having max(greatest(due_at, lease_until)) < clock_timestamp() - interval '1 hour'),
      removed as (delete from drifts where org = $1 and integration in (select integration from unwatched) returning integration),
      orphaned as (delete from orphans where org = $1 and integration in (select integration from unwatched) returning integration),
      counts as (
        select integration, count(*) filter (where what = 'removed') as removed, count(*) filter (where what = 'orphaned') as orphans
        from (select integration, 'removed' as what from removed union all select integration, 'orphaned' from orphaned) f group by integration),
      events as (
        insert into audit (org, action, actor, data)
        select $1, 'target.unwatched', '{"kind":"system"}'::jsonb, jsonb_build_object('integration', integration, 'removed', removed, 'orphans', orphans)
        from counts)
      select integration from counts`,
    values: [org, watched],
  });
  return rows.map(({ integration }) => integration);
}

function toRightId(text: string | null): RightId | undefined {
  if (text === null) return undefined;
  const id = parseRightId(text);
  if (id === undefined) throw new Error('a right is stored with an id that cannot exist');
  return id;
}

/** As many live rights as one page goes through; those of other integrations among them are passed over. */
const pageSize = 500;

/**
 * Rights at rest: seen at the target by a call of ours, wanted for longer than a look takes, and with nobody acting on them. What
 * is being given or taken, or is in doubt, is the reconciler's and has not drifted.
 */
const watchedSql = `
with live as materialized (
  select distinct g.right_id from grants g
  where g.org = $1 and g.state = 'active' and g.right_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
  order by g.right_id limit ${pageSize}),
resting as (
  select r.id, r.access_type, r.resource, r.account, r.fence, r.generation from live join rights r on r.org = $1 and r.id = live.right_id
  where r.integration = $2 and r.observed = 'present' and r.settled_for = 'present' and r.lease_owner is null and r.quarantine_until is null
    and r.due_at > clock_timestamp() + interval '15 seconds' and (${strange.right}) is not true)
select (select coalesce(json_agg(json_build_object('id', id, 'accessType', access_type, 'resource', resource, 'account', account,
    'fence', fence::text, 'generation', generation::text)), '[]') from resting) as rights,
  (select case when count(*) = ${pageSize} then (array_agg(right_id order by right_id desc))[1] end from live) as next`;

type Found = { id: string; accessType: string; resource: string; account: string };
type WatchedRow = Found & { fence: string; generation: string };

async function watchedRights(
  pool: pg.Pool,
  org: Org,
  integration: string,
  after: RightId | undefined,
): ReturnType<DriftStore['watchedRights']> {
  const { rows } = await pool.query<{ rights: WatchedRow[]; next: string | null }>({
    name: 'watched-rights',
    text: watchedSql,
    values: [org, integration, after ?? null],
  });
  const [page] = rows;
  if (page === undefined) throw new Error('the database did not say which rights to look at');
  return {
    rights: page.rights.map(({ fence, generation, ...found }) => ({ ...toDrifted(found), fence, generation })),
    next: toRightId(page.next),
  };
}

function toDrifted({ id, accessType, resource, account }: Found): Drifted {
  const right = parseRightId(id);
  if (right === undefined) throw new Error('a right is stored with an id that cannot exist');
  return { id: right, target: { accessType, resource, account } };
}

/** Of a right `x`: one of the grants that it is there for, so that the event is found with its request. */
const liveGrant = (x: string) => `
left join lateral (select g.request_id, g.id as grant_id from grants g
  where g.org = $1 and g.right_id = ${x}.right_id and g.state in ('active', 'ending') order by g.latest_end desc limit 1) live on true`;

async function recordRestored(pool: pg.Pool, org: Org, integration: string, rights: readonly WatchedRight[]): Promise<void> {
  if (rights.length === 0) return;
  await pool.query(
    `with gone as (delete from drifts where org = $1 and integration = $2 and right_id = any ($3::uuid[]) returning right_id),
     back as (select gone.right_id, live.request_id, live.grant_id from gone ${liveGrant('gone')}),
     -- A login that was made anew has a new password, which waits to be shown.
     notices as (insert into outbox (org, kind, subject) select $1, 'notify', request_id from back where request_id is not null)
     insert into audit (org, action, actor, request_id, grant_id, data)
     select $1, 'right.restored', '{"kind":"system"}'::jsonb, request_id, grant_id, jsonb_build_object('right', right_id) from back`,
    [org, integration, rights.map(({ id }) => id)],
  );
}

/** Under the fence and the generation of before the look: whoever has acted on the right since knows better. */
const still = (lock: string) => `
input as (select * from unnest($3::uuid[], $4::bigint[], $5::bigint[]) as i (id, fence, generation)),
still as (
  select r.org, r.id as right_id, r.fence, r.access_type, r.resource, r.account from rights r join input i on i.id = r.id
  where r.org = $1 and r.integration = $2 and r.fence = i.fence and r.generation = i.generation and r.lease_owner is null
    and r.due_at > clock_timestamp()
  order by r.id ${lock})`;

const remember = `
fresh as (
  insert into drifts as d (org, right_id, integration, fence) select org, right_id, $2, fence from still
  on conflict (org, right_id) do update set fence = excluded.fence, found_at = excluded.found_at where d.fence <> excluded.fence
  returning right_id)`;

/** `told`: what is put on record, and answered. */
const tell = (response: DriftResponse) => `
events as (
  insert into audit (org, action, actor, request_id, grant_id, data)
  select $1, 'right.drifted', '{"kind":"system"}'::jsonb, live.request_id, live.grant_id, jsonb_build_object('right', told.right_id,
    'integration', $2::text, 'accessType', told.access_type, 'resource', told.resource, 'account', told.account, 'response', '${response}')
  from told ${liveGrant('told')})
select right_id as id, access_type as "accessType", resource, account from told`;

const locked = 'for no key update of r skip locked';
const look = (source: string) => `insert into outbox (org, kind, subject) select distinct $1, 'look', right_id from ${source}`;

const driftSql: Readonly<Record<DriftResponse, string>> = {
  alert: `with ${still('')}, ${remember},
    told as (select still.* from still join fresh using (right_id)), ${tell('alert')}`,
  // Each time is told: it is given again each time, by the reconciler and by all its rules.
  repair: `with ${still(locked)}, ${remember}, told as (select * from still),
    touched as (
      update rights r set generation = r.generation + 1, lane = 'give', due_at = clock_timestamp() from still
      where r.org = still.org and r.id = still.right_id returning r.id as right_id),
    looks as (${look('touched')}), ${tell('repair')}`,
  // The reconciler looks once more before it says that they have ended. What the principal had before us is theirs to have again.
  adopt: `with ${still(locked)}, told as (select * from still),
    ended as (
      update grants g set state = 'ending', end_kind = 'removed', end_at = least(clock_timestamp(), g.expires_at) from still
      where g.org = still.org and g.right_id = still.right_id and g.state = 'active'
        and (g.recurring is null or g.opens_at <= clock_timestamp() and g.closes_at > clock_timestamp())
      returning g.org, g.request_id, g.id as grant_id, g.right_id),
    touched as (
      update rights r set generation = r.generation + 1, lane = 'take', due_at = clock_timestamp(),
        baseline = case when r.baseline = 'present' then null else r.baseline end
      from (select distinct org, right_id from ended) e where r.org = e.org and r.id = e.right_id returning r.id as right_id),
    ends as (
      insert into audit (org, action, actor, request_id, grant_id)
      select org, 'grant.removed', '{"kind":"system"}'::jsonb, request_id, grant_id from ended),
    looks as (${look('touched')}),
    notices as (insert into outbox (org, kind, subject) select org, 'notify', request_id from ended), ${tell('adopt')}`,
};

async function recordDrift(
  pool: pg.Pool,
  org: Org,
  integration: string,
  rights: readonly WatchedRight[],
  response: DriftResponse,
): Promise<readonly Drifted[]> {
  if (rights.length === 0) return [];
  const { rows } = await pool.query<Found>(driftSql[response], [
    org,
    integration,
    rights.map(({ id }) => id),
    rights.map(({ fence }) => fence),
    rights.map(({ generation }) => generation),
  ]);
  return rows.map(toDrifted);
}
