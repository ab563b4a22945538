import { type Kysely, sql } from 'kysely';

/** Requests whose requestor asked approvers to hurry. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table requests
  add column nudges int not null default 0 check (nudges between 0 and 99),
  add column nudged_at timestamptz check (isfinite(nudged_at)),
  add check ((nudges = 0) = (nudged_at is null));
`.execute(db);
}
