import { type Kysely, sql } from 'kysely';

/** API keys get names, scopes and a record of their use. What was there before is the configured key, which may do everything. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table api_keys
    add column name text not null default 'bootstrap',
    add column scopes text[] not null
      default array['command', 'requests:read', 'requests:decide', 'policies', 'settings', 'audit:read', 'keys'],
    add column last_used_at timestamptz,
    add column created_by uuid,
    add foreign key (org, created_by) references people (org, id)`.execute(db);
}
