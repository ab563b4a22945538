import { type Kysely, sql } from 'kysely';

/** Accounts that were linked by a sign-in, and whose person has not been told so yet. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table link_notices (
  org text not null check (org <> ''),
  workspace text not null check (workspace <> ''),
  user_id text not null check (user_id <> ''),
  email text not null check (email <> ''),
  created_at timestamptz not null default clock_timestamp(),
  try_at timestamptz not null default clock_timestamp(),
  primary key (org, workspace, user_id)
);
create index link_notices_by_try on link_notices (org, try_at);
comment on column link_notices.email is 'Of the person that the account was linked to.';
comment on column link_notices.try_at is 'When it is told, or told again: whoever takes it puts this ahead.';
`.execute(db);
}
