import { type Kysely, sql } from 'kysely';

/** What owners are told of drift and orphans, and where it was told (ADR 19). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table drift_notices (
  org text not null check (org <> ''),
  id bigint generated always as identity,
  integration text not null,
  since timestamptz not null default clock_timestamp() check (isfinite(since)),
  shown text not null default '',
  try_at timestamptz not null default clock_timestamp() check (isfinite(try_at)),
  lease_until timestamptz check (isfinite(lease_until)),
  primary key (org, id)
);
create index drift_notices_since on drift_notices (org, integration, since);
comment on table drift_notices is 'One message tells of all that was found at an integration since the notice before it was closed, and until an hour after this one began.';
comment on column drift_notices.shown is 'What was found when all of its messages were last brought up to date, as a stamp; empty: they were not.';

create table drift_messages (
  org text not null,
  notice_id bigint not null,
  place text not null,
  channel text not null check (channel <> ''),
  ts text check (ts <> ''),
  shown text not null default '',
  started_at timestamptz not null default clock_timestamp() check (isfinite(started_at)),
  primary key (org, notice_id, place),
  foreign key (org, notice_id) references drift_notices (org, id) on delete cascade
);
comment on column drift_messages.place is 'The address of whom it was sent to; empty: the channel of the approvers.';
comment on column drift_messages.ts is 'null: it may have been posted, and nobody has heard so.';

alter table homes add column drift text;
comment on column homes.drift is 'A stamp of the drift and the orphans that it tells of; null: it tells this person of none.';
`.execute(db);
}
