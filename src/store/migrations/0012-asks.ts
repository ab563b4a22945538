import { type Kysely, sql } from 'kysely';

/**
 * Whatever one person submits moves a counter, so that two submissions at once cannot both go by what was before them.
 * And who wakes the relay after the commit can say so: notifying within it makes all commits wait for each other.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table people add column asks bigint not null default 0;
comment on column people.asks is 'Moved by everything the person submits, in the same transaction; a submission that saw it unmoved saw all others.';
create index requests_open_by_requestor on requests (org, requestor_id) where state = 'pending';

create or replace function wake_relay() returns trigger language plpgsql as $$
begin
  if current_setting('curfew.wakes_afterwards', true) is distinct from 'yes' then
    perform pg_notify('curfew_outbox', '');
  end if;
  return null;
end $$;
`.execute(db);
}
