import { type Kysely, sql } from 'kysely';

/** By which policies and settings a home tab was drawn, so that it is looked at when they are others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table homes add column rules text not null default '';
comment on column homes.rules is 'The versions of the policies and of the settings when its latest drawing began.';
`.execute(db);
}
