import { type Kysely, sql } from 'kysely';

/** When the audit log was last verified, and what was found; and which rights are in doubt, for whoever measures. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table audit_checks (
  only_row boolean primary key default true check (only_row),
  claimed_until timestamptz check (isfinite(claimed_until)),
  verified_at timestamptz check (isfinite(verified_at)),
  flaw text check (length(flaw) <= 1000)
);
comment on table audit_checks is 'Housekeeping, and no evidence: who can write to the audit log can write here too.';
insert into audit_checks default values;
create index rights_in_doubt on rights (org) where attempts > 0 or quarantine_until is not null;
`.execute(db);
}
