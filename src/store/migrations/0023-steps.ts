import { type Kysely, sql } from 'kysely';

/** Steps of workflows that wait for the decision of a request. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table steps (
  org text not null,
  execution text not null check (length(execution) between 1 and 100),
  request_id uuid not null,
  told_at timestamptz,
  primary key (org, execution),
  foreign key (org, request_id) references requests (org, id)
);
create index steps_of_request on steps (org, request_id) where told_at is null;
comment on column steps.told_at is 'When the workflow took what became of the request; null: it still waits.';
`.execute(db);
}
