import type pg from 'pg';
import { z } from 'zod';
import type { Removal, Tagged, TargetRight } from '../app/ports.ts';
import { callPostgres, startCall } from './postgres-call.ts';
import { removeRights } from './postgres-removal.ts';
import { deadlineCheck } from './postgres-sql.ts';

const Listed = z.object({ tagged: z.array(z.object({ account: z.string(), role: z.string(), isOurs: z.boolean() })) });

/**
 * Lists what carries our mark. Call: `{tag, roles, lastMs}`. Answer: `{tagged: [{account, role, isOurs}]}`.
 *
 * A login is marked by its comment. A membership cannot be marked; whoever gave it is on record. So a membership of a login of
 * ours is ours where we gave it, and one of another login is listed where nobody but we can have given it with this role and yet
 * may be from before us. For superusers PostgreSQL does not record which of them gave it. A login that was closed for good is
 * left out: it can do nothing.
 */
const listProgram = `
declare
  call constant jsonb := current_setting('curfew.call')::jsonb;
  tag constant text := call->>'tag';
  found jsonb;
begin
  ${deadlineCheck}
  select coalesce(jsonb_agg(jsonb_build_object('account', account, 'role', role, 'isOurs', is_ours) order by account, role), '[]') into found from (
    select a.rolname as account, g.rolname as role,
        a.tagged and call->'roles' ? g.rolname and bool_and(m.grantor = me.oid or me.rolsuper and coalesce(giver.rolsuper, true)) as is_ours
      from (select oid, rolname, rolcanlogin, coalesce(shobj_description(oid, 'pg_authid') = tag, false) as tagged from pg_roles) as a
      join pg_auth_members m on m.member = a.oid
      join pg_roles g on g.oid = m.roleid
      join pg_roles me on me.rolname = current_user
      left join pg_roles giver on giver.oid = m.grantor
      where a.tagged or a.rolcanlogin and m.grantor = me.oid and not me.rolsuper and call->'roles' ? g.rolname
      group by a.rolname, a.tagged, g.rolname
    union all
    select a.rolname, '', true from pg_roles a
      where a.rolcanlogin and shobj_description(a.oid, 'pg_authid') = tag
        and not exists (select from pg_auth_members m where m.member = a.oid)) as each;
  perform set_config('curfew.answer', jsonb_build_object('tagged', found)::text, true);
end`;

type Mark = { readonly tag: string; readonly roles: readonly string[]; readonly accessType: string };

export async function listTagged(
  pool: pg.Pool,
  { tag, roles, accessType }: Mark,
  signal: AbortSignal,
): Promise<readonly Tagged[] | 'unknown'> {
  const outcome = await callPostgres(pool, startCall(signal), async (call) => call.run(listProgram, { tag, roles }, Listed));
  if ('failed' in outcome) return 'unknown';
  return outcome.answer.tagged.map(({ account, role, isOurs }) => ({ right: { accessType, resource: role, account }, isOurs }));
}

/** A login by itself is dropped with a membership that it does not have. */
export async function removeTagged(
  pool: pg.Pool,
  rights: readonly TargetRight[],
  { tag, roles }: Mark,
  signal: AbortSignal,
): Promise<readonly Removal[]> {
  const asked = rights.map((right) => (right.resource === '' ? { ...right, resource: roles[0] ?? '' } : right));
  const removed = await removeRights(pool, asked, tag, signal);
  return asked.map((right) => {
    const removal = removed.get(right);
    if (!removal) throw new Error('a right was left without an answer');
    return removal;
  });
}
