import { type Kysely, sql } from 'kysely';

/** Requests to which several people must agree. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table requests add column endorsements jsonb not null default '[]' check (jsonb_typeof(endorsements) = 'array');
comment on column requests.endorsements is 'Who agreed so far, where that is not enough: person, email, at (ms), seconds, keyMakers. One entry a person, oldest first.';
`.execute(db);
}
