import { type Kysely, sql } from 'kysely';

/** Further groups that are asked where nobody answers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table requests
  add column groups_asked int not null default 0 check (groups_asked >= 0),
  add column groups_asked_at timestamptz check (isfinite(groups_asked_at)),
  add check ((groups_asked = 0) = (groups_asked_at is null));
comment on column requests.groups_asked is 'So many of the further groups of each approval are asked, and may decide.';
`.execute(db);
}
