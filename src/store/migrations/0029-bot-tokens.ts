import { type Kysely, sql } from 'kysely';

/** The token of a Slack app whose tokens are renewed every few hours. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table bot_tokens (
  org text primary key,
  sealed text,
  expires_at timestamptz,
  seeds bytea[] not null default '{}',
  check ((sealed is null) = (expires_at is null))
);
comment on column bot_tokens.sealed is 'The bot token and the refresh token that follows it, sealed under the secret key; null: none was received yet.';
comment on column bot_tokens.seeds is 'SHA-256 of each refresh token that the configuration ever gave and that was used: none is good twice.';
`.execute(db);
}
