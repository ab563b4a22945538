import { type Kysely, sql } from 'kysely';

/** Where a message leads, and notices that are told together. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table messages add column link text check (length(link) <= 2000);
comment on column messages.link is 'The address of this message, which copies of it elsewhere lead to.';

create table shared_notices (
  org text not null,
  request_id uuid not null,
  slot text not null check (slot ~ '^[a-z]+$' and length(slot) <= 40),
  principal_id uuid not null,
  leader uuid,
  shown text not null default '',
  decided_at timestamptz not null default clock_timestamp() check (isfinite(decided_at)),
  primary key (org, request_id, slot),
  foreign key (org, request_id) references requests (org, id),
  foreign key (org, leader) references requests (org, id),
  foreign key (org, principal_id) references people (org, id)
);
create index shared_notices_of_person on shared_notices (org, principal_id, slot, decided_at);
create index shared_notices_of_leader on shared_notices (org, leader, slot) where leader is not null;
comment on table shared_notices is 'How a request''s notice to its principal is told: by its own message, or in one that stands for several.';
comment on column shared_notices.leader is 'The request whose message tells it. null: it has its own.';
comment on column shared_notices.shown is 'The digest of what the leader''s message shows of it.';
`.execute(db);
}
