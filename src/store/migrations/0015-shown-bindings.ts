import { type Kysely, sql } from 'kysely';

/** A binding is read back in the spelling that it was last written in: Terraform takes another one for a change of others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table role_bindings add column shown text;
comment on column role_bindings.shown is 'The address as it was last written; null: as canonical. Never compared with.';
`.execute(db);
}
