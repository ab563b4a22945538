import { type Kysely, sql } from 'kysely';

/** Posts whose outcome is not known, to be looked for before they are made again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table posting_attempts (
  org text not null,
  request_id uuid not null,
  slot text not null check (slot ~ '^[a-z]+(-[1-9][0-9]?)?([#@].+)?$' and length(slot) <= 400),
  channel text not null,
  started_at timestamptz not null default clock_timestamp() check (isfinite(started_at)),
  primary key (org, request_id, slot),
  foreign key (org, request_id) references requests (org, id));
comment on table posting_attempts is 'Written before a message is posted, gone when it is known to be posted (messages) or not.';
`.execute(db);
}
