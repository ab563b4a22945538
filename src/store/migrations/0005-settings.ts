import { type Kysely, sql } from 'kysely';

/** Settings count their changes, and roles can be bound to the groups of a directory. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table settings add column version bigint not null default 0`.execute(db);
  await sql`create table group_role_bindings (
    org text not null,
    role text not null check (role in ('viewer', 'iamViewer', 'iamOwner', 'manager', 'owner')),
    name text not null,
    primary key (org, role, name)
  )`.execute(db);
}
