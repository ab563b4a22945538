import { type Kysely, sql } from 'kysely';

/** Whether the target was called for the end of a grant; null for grants from before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table grants add column untouched boolean;
comment on column grants.untouched is 'True where the target was not called for the end, because nothing of it was there to be taken away; null everywhere else.';
`.execute(db);
}
