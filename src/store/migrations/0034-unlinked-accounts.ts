import { type Kysely, sql } from 'kysely';

/** Accounts whose link was taken back, and that no address links again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table unlinked_accounts (
  org text not null check (org <> ''),
  provider text not null check (provider <> ''),
  subject text not null check (subject <> ''),
  unlinked_at timestamptz not null default clock_timestamp(),
  primary key (org, provider, subject)
);
comment on table unlinked_accounts is 'Accounts of a workspace whose link was taken back; linked again only by their person. Subjects as in identities.';
`.execute(db);
}
