import { type Kysely, sql } from 'kysely';

/** By which policies, settings and roles the messages of waiting requests were last brought up to date. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table noticed_rules (
  org text primary key check (org <> ''),
  rules text not null
);
comment on table noticed_rules is 'A stamp of the rules under which the requests that wait were last put into the outbox as a whole; none: never.';
`.execute(db);
}
