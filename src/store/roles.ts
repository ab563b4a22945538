import { sql } from 'kysely';
import type { RoleBinding, RoleHolder, RoleReads, RoleWrites } from '../app/settings-store.ts';
import { parseEmail } from '../domain/ids.ts';
import { isRole } from '../domain/role.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';
import { meanwhileNobody, oneAtATime } from './people.ts';

type Row = { role: string; kind: 'user' | 'group'; name: string; source: 'configuration' | 'api' };

export function createRoleReads(db: Db): RoleReads {
  return {
    async list(org) {
      const { rows } = await sql<Row>`
        select role, 'user' as kind, canonical as name, max(source) as source from role_bindings where org = ${org} group by role, canonical
        union all select role, 'group', name, 'api' from group_role_bindings where org = ${org} order by 1, 2 desc, 3`.execute(db);
      return rows.map(toBinding);
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
          ? sql`insert into role_bindings (org, role, canonical, source) select ${org}, ${role}, ${holder.email}, 'api'
              where not exists (select from role_bindings where org = ${org} and role = ${role} and canonical = ${holder.email})
              returning org`
          : sql`insert into group_role_bindings (org, role, name) values (${org}, ${role}, ${holder.group}) on conflict do nothing returning org`;
      return changed(tx, sql`with b as (${added})`, 'role.bound', actor, role, holder);
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
  const data = sql`${JSON.stringify({ role, [holder.kind]: holder.kind === 'user' ? holder.email : holder.group })}::jsonb`;
  const { numAffectedRows } =
    await sql`${before}, t as (select org, null::uuid as request_id, null::uuid as grant_id from b) ${auditFrom('t', action, actor, data)}`.execute(
      tx,
    );
  return (numAffectedRows ?? 0n) > 0n;
}

function toBinding(row: Row): RoleBinding {
  const email = row.kind === 'user' ? parseEmail(row.name) : undefined;
  if (!isRole(row.role) || (row.kind === 'user' && email === undefined)) throw new Error('a role is bound in a way that cannot exist');
  const holder: RoleHolder = email === undefined ? { kind: 'group', group: row.name } : { kind: 'user', email };
  return { role: row.role, holder, source: row.source };
}
