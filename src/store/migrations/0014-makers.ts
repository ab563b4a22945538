import { type Kysely, sql } from 'kysely';

/**
 * Whoever made an API key may hold a copy of it, and of every key that was made with it: kept with the keys, and with what
 * is decided later by whether two people had a hand in it. Several, because each key of a row has its own maker.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table api_keys add column key_makers uuid[] not null default '{}';
comment on column api_keys.key_makers is 'Who made the keys that this one was made with; created_by comes on top.';
alter table requests add column key_makers uuid[] not null default '{}';
comment on column requests.key_makers is 'Who made the key that it was submitted with, and the keys that one was made with.';
alter table pre_approvals add column key_makers uuid[] not null default '{}';
comment on column pre_approvals.key_makers is 'Who made the key that it was opened with, and the keys that one was made with.';
`.execute(db);
}
