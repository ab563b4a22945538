import { type Kysely, sql } from 'kysely';

/** What approvers want to know before they decide. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table requests add column questions jsonb not null default '[]' check (jsonb_typeof(questions) = 'array');
comment on column requests.questions is 'What approvers asked, oldest first: person, email, at (ms), text, and the answer, made of the same.';
`.execute(db);
}
