import type pg from 'pg';
import type { DriftStore, Unwanted } from '../app/drift-store.ts';
import { landingMs } from '../domain/right.ts';
import { strange } from './known.ts';
import { forgetAccounts } from './secrets.ts';

type OrphanStore = Pick<DriftStore, 'unwanted' | 'recordOrphans' | 'recordRemovals'>;

/** What carries our mark at a target and no right wants (I5). A right is on record before its target is first called. */
export const createOrphanStore = (pool: pg.Pool): OrphanStore => ({
  async unwanted(org, integration, listed) {
    if (listed.length === 0) return [];
    const { rows } = await pool.query<{ index: number; stamp: string }>(unwantedSql, [
      org,
      integration,
      listed.map(({ right }) => right.accessType),
      listed.map(({ right }) => right.resource),
      listed.map(({ right }) => right.account),
      listed.map(({ isOurs }) => isOurs),
    ]);
    return rows.flatMap(({ index, stamp }) => {
      const tagged = listed[index - 1];
      return tagged === undefined ? [] : [{ tagged, stamp }];
    });
  },
  async recordOrphans(org, integration, found, response) {
    const { rows } = await pool.query<{ index: number }>(recordSql, [
      org,
      integration,
      ...columns(found),
      found.map(({ tagged }) => tagged.isOurs),
      found.map(({ stamp }) => stamp),
      response,
    ]);
    return rows.flatMap(({ index }) => found[index - 1] ?? []);
  },
  async recordRemovals(org, integration, removals) {
    if (removals.length === 0) return;
    const gone = removals.filter(({ accountGone }) => accountGone).map(({ orphan }) => orphan.tagged.right);
    await forgetAccounts(
      pool,
      gone.map((target) => ({ org, integration, target })),
    );
    await pool.query(removalsSql, [
      org,
      integration,
      ...columns(removals.map(({ orphan }) => orphan)),
      removals.map(({ result }) => result.kind === 'observed' && result.observed === 'absent'),
      removals.map(({ result }) => (result.kind === 'observed' ? 'the target still shows it' : result.why)),
      removals.map(({ result }) => result.kind === 'lost'),
      removals.map(({ sessionsEnded }) => sessionsEnded),
      landingMs,
    ]);
  },
});

const columns = (orphans: readonly Unwanted[]): readonly (readonly string[])[] => [
  orphans.map(({ tagged }) => tagged.right.accessType),
  orphans.map(({ tagged }) => tagged.right.resource),
  orphans.map(({ tagged }) => tagged.right.account),
];

/** Is `i` about the right `r` of the same account? An account by itself is wanted as long as one of its rights is. */
const isAbout = `(i.resource = '' or r.access_type = i.access_type and r.resource = i.resource)`;
/** Somebody wants the right, removes it, or is not sure. */
const isBusy = `(r.due_at is not null or r.lease_owner is not null or r.quarantine_until is not null
  or exists (select from grants g where g.org = r.org and g.right_id = r.id and g.state in ('planned', 'active', 'ending'))
  or exists (select from grants g where g.org = r.org and g.right_id = r.id and ${strange.grantState}))`;
const wasThere = `exists (select from grants g where g.org = r.org and g.right_id = r.id and g.left_in_place = 'pre-existing')`;
/** Each of them only grows, and a new right adds one. */
const stampOf = 'coalesce(sum(r.fence + r.generation + 1), 0)::text';

const unwantedSql = `
select i.index::int, ${stampOf} as stamp
from unnest($3::text[], $4::text[], $5::text[], $6::boolean[]) with ordinality as i (access_type, resource, account, is_ours, index)
left join rights r on r.org = $1 and r.integration = $2 and r.account = i.account
group by i.index
having not coalesce(bool_or(${isAbout} and (${isBusy} or not i.is_ours and ${wasThere})), false)
order by i.index`;

const describe = (x: string) =>
  `'integration', $2::text, 'accessType', ${x}.access_type, 'resource', nullif(${x}.resource, ''), 'account', ${x}.account`;
const system = `'{"kind":"system"}'::jsonb`;

const recordSql = `
with input as (
  select * from unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[]) with ordinality
    as i (access_type, resource, account, is_ours, stamp, index)),
fresh as (
  insert into orphans as o (org, integration, access_type, resource, account, is_ours)
  select $1, $2, i.access_type, i.resource, i.account, i.is_ours from input i
  where i.stamp = (select ${stampOf} from rights r where r.org = $1 and r.integration = $2 and r.account = i.account)
  on conflict do nothing returning *),
gone as (
  delete from orphans o where o.org = $1 and o.integration = $2 and not exists (
    select from input i where i.access_type = o.access_type and i.resource = o.resource and i.account = o.account) returning *),
events as (
  insert into audit (org, action, actor, data)
  select $1, 'orphan.found', ${system}, jsonb_build_object(${describe('fresh')}, 'ours', fresh.is_ours, 'response', $8::text) from fresh
  union all select $1, 'orphan.gone', ${system}, jsonb_build_object(${describe('gone')}) from gone)
select i.index::int from input i join fresh using (access_type, resource, account) order by 1`;

const removalsSql = `
with input as (
  select * from unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::boolean[], $9::int[])
    as i (access_type, resource, account, is_gone, problem, is_lost, sessions_ended)),
removed as (
  delete from orphans o using input i
  where o.org = $1 and o.integration = $2 and o.access_type = i.access_type and o.resource = i.resource and o.account = i.account and i.is_gone
  returning o.access_type, o.resource, o.account, i.sessions_ended),
kept as (
  update orphans o set attempts = o.attempts + 1, problem = i.problem from input i
  where o.org = $1 and o.integration = $2 and o.access_type = i.access_type and o.resource = i.resource and o.account = i.account and not i.is_gone
  returning o.access_type, o.resource, o.account, o.attempts, o.problem),
-- Somebody has been given it while it was being removed: then it is looked at, once the call can take effect no longer.
touched as (
  update rights r set generation = r.generation + 1, lane = 'give',
    due_at = least(r.due_at, clock_timestamp() + case when i.is_lost then $10::float8 * interval '1 millisecond' else interval '0' end)
  from input i
  where r.org = $1 and r.integration = $2 and r.account = i.account and ${isAbout}
    and exists (select from grants g where g.org = r.org and g.right_id = r.id
      and (g.state = 'planned' and g.provision_until > clock_timestamp() or g.state = 'active' and g.expires_at > clock_timestamp()))
  returning r.id)
insert into audit (org, action, actor, data)
select $1, 'orphan.removed', ${system}, jsonb_build_object(${describe('removed')}, 'sessionsEnded', removed.sessions_ended) from removed
union all select $1, 'orphan.removal-failed', ${system}, jsonb_build_object(${describe('kept')}, 'problem', kept.problem) from kept where kept.attempts = 1`;
