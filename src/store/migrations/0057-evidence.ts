import { type Kysely, sql } from 'kysely';

/** What the target said when a grant was given and when it was seen gone; null where nothing was read back, and for grants from before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table grants
  add column given_answer jsonb,
  add column gone_answer jsonb,
  add column sessions_go_on boolean;
comment on column grants.sessions_go_on is 'True where the target ends no sessions, so that those that were open at the end may go on; null everywhere else.';
`.execute(db);
}
