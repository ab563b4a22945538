import { sql } from 'kysely';
import type { RoleBinding, RoleHolder, RoleReads, RoleWrites } from '../app/settings-store.ts';
import { type Org, parseEmail } from '../domain/ids.ts';
import { isRole } from '../domain/role.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';
import { meanwhileNobody, oneAtATime } from './people.ts';

export type BindingRow = { role: string; kind: 'user' | 'group'; name: string; shown: string | null; source: 'configuration' | 'api' };

/** In order of roles and names. What both the configuration and the API bind is one. */
export const selectBindings = (org: Org) => sql<BindingRow>`
  select role, 'user' as kind, canonical as name, coalesce(max(shown), canonical) as shown, max(source) as source
  from role_bindings where org = ${org} group by role, canonical
  union all select role, 'group', name, null, 'api' from group_role_bindings where org = ${org} order by 1, 2 desc, 3`;

export function createRoleReads(db: Db): RoleReads {
  return {
    async list(org) {
      const { rows } = await selectBindings(org).execute(db);
      return rows.flatMap(toBinding);
    },
    async groups(org, role) {
      const { rows } = await sql<{
        name: string;
      }>`select name from group_role_bindings where org = ${org} and role = ${role} order by name`.execute(db);
      return rows.map((row) => row.name);
    },
  };
}

export function createRoleWrites(tx: Db): RoleWrites {
  return {
    ...createRoleReads(tx),
    async lock() {
      await oneAtATime(tx);
    },
    async hold() {
      await meanwhileNobody(tx);
    },
    async bind(actor, org, role, holder) {
      const added =
        holder.kind === 'user'
          ? sql`insert into role_bindings (org, role, canonical, source, shown) select ${org}, ${role}, ${holder.email}, 'api', ${holder.shown}
              where not exists (select from role_bindings where org = ${org} and role = ${role} and canonical = ${holder.email})
              returning org`
          : sql`insert into group_role_bindings (org, role, name) values (${org}, ${role}, ${holder.group}) on conflict do nothing returning org`;
      if (await changed(tx, sql`with b as (${added})`, 'role.bound', actor, role, holder)) return 'bound';
      if (holder.kind === 'group') return undefined;
      // The configuration and the API may both bind it, which is one change.
      const respelled = sql`with u as (
          update role_bindings set shown = ${holder.shown} where org = ${org} and role = ${role} and canonical = ${holder.email}
            and coalesce(shown, canonical) <> ${holder.shown} returning org),
        b as (select distinct org from u)`;
      return (await changed(tx, respelled, 'role.respelled', actor, role, holder)) ? 'respelled' : undefined;
    },
    unbind(actor, org, role, holder) {
      const gone =
        holder.kind === 'user'
          ? sql`delete from role_bindings where org = ${org} and role = ${role} and canonical = ${holder.email} and source = 'api' returning org`
          : sql`delete from group_role_bindings where org = ${org} and role = ${role} and name = ${holder.group} returning org`;
      return changed(tx, sql`with b as (${gone})`, 'role.unbound', actor, role, holder);
    },
  };
}

/** The change and its event are one statement; says whether there was a change. */
async function changed(
  tx: Db,
  before: ReturnType<typeof sql>,
  action: string,
  actor: Parameters<RoleWrites['bind']>[0],
  role: string,
  holder: RoleHolder,
): Promise<boolean> {
  const named = holder.kind === 'user' ? { user: holder.email, shown: holder.shown } : { group: holder.group };
  const data = sql`${JSON.stringify({ role, ...named })}::jsonb`;
  const { numAffectedRows } =
    await sql`${before}, t as (select org, null::uuid as request_id, null::uuid as grant_id from b) ${auditFrom('t', action, actor, data)}`.execute(
      tx,
    );
  return (numAffectedRows ?? 0n) > 0n;
}

/** None where the role is not known here: a newer release's allows nothing, and takes nothing away from the others. */
export function toBinding(row: BindingRow): readonly RoleBinding[] {
  return isRole(row.role) ? [{ role: row.role, holder: toHolder(row), source: row.source }] : [];
}

function toHolder({ kind, name, shown }: BindingRow): RoleHolder {
  if (kind === 'group') return { kind, group: name };
  const [email, spelled] = [parseEmail(name), parseEmail(shown ?? name)];
  if (email === undefined || spelled === undefined) throw new Error('a role is bound to an address that cannot exist');
  return { kind, email, shown: spelled };
}
