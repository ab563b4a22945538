import { type Kysely, sql } from 'kysely';

/** Accounts of the workspace of which Slack said lately that something changed: it says so to one process only. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table account_changes (
  org text not null check (org <> ''),
  account text not null check (length(account) between 1 and 100),
  mark uuid not null default gen_random_uuid(),
  changed_at timestamptz not null default clock_timestamp(),
  primary key (org, account)
);
create index account_changes_by_age on account_changes (changed_at);
comment on column account_changes.account is 'The user of the workspace, as in homes.';
comment on column account_changes.mark is 'Another one at each change. What was read under another is not believed any more.';
`.execute(db);
}
