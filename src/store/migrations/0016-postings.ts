import { type Kysely, sql } from 'kysely';

/** Messages that change by time alone, and more than one of a kind. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table requests add column notify_at timestamptz check (isfinite(notify_at));
create index requests_notify on requests (notify_at) where notify_at is not null;
comment on column requests.notify_at is 'When the messages of this request change although nothing happens: a reminder, a warning. null: never.';
update requests set notify_at = now() where state = 'pending';

-- Names like reminder-2 and approval#C0123: the application knows them, and ignores those that it does not.
alter table messages drop constraint messages_slot_check;
alter table messages add constraint messages_slot_check check (slot ~ '^[a-z]+(-[1-9][0-9]?)?([#@].+)?$' and length(slot) <= 400);
`.execute(db);
}
