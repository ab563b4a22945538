import { type Kysely, sql } from 'kysely';

/** Each change of an organisation's policies becomes a version. What is there already becomes the first. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table policy_heads (
    org text primary key,
    version bigint not null,
    changed_at timestamptz
  )`.execute(db);
  await sql`create table policy_history (
    org text not null,
    version bigint not null,
    name text not null,
    position bigint not null,
    document jsonb,
    by jsonb not null,
    at timestamptz not null,
    primary key (org, version, name)
  )`.execute(db);
  await sql`insert into policy_heads select org, 1, max(updated_at) from policies group by org`.execute(db);
  await sql`insert into policy_history
    select org, 1, name, position, document, '{"kind":"system"}'::jsonb, updated_at from policies`.execute(db);
}
