import { type Kysely, sql } from 'kysely';

/** Steps of workflows that came to nothing, until the workflow has heard so. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table steps alter column request_id drop not null,
  add column why text check (length(why) between 1 and 1000),
  add column failed_at timestamptz,
  add column try_at timestamptz,
  add constraint steps_wait_or_failed check (num_nonnulls(request_id, why) = 1 and num_nulls(why, failed_at, try_at) in (0, 3)) not valid;
create index steps_failed on steps (org, try_at) where why is not null and told_at is null;
comment on column steps.why is 'Of one that waits for no request: why it failed.';
comment on column steps.try_at is 'When that is told, or told again: whoever takes it puts this ahead.';
`.execute(db);
}
