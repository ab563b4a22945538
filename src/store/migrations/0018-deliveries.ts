import { type Kysely, sql } from 'kysely';

/** Slack's deliveries of the last hour: one that comes twice has one effect, whichever process it comes to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table deliveries (
  org text not null,
  key bytea not null check (octet_length(key) = 32),
  came_at timestamptz not null default clock_timestamp(),
  primary key (org, key)
);
create index deliveries_by_age on deliveries (came_at);
comment on column deliveries.key is 'SHA-256 of the trigger.';
`.execute(db);
}
