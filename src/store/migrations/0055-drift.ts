import { type Kysely, sql } from 'kysely';

/**
 * Looking at targets unasked (ADR 19): how far each round has come, and what was found changed there. No table refers to
 * `rights`: the check of a reference would lock a row there, and a removal that is due passes over a row that is locked.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table target_rounds (
  org text not null,
  integration text not null,
  kind text not null check (kind in ('rights', 'tagged')),
  due_at timestamptz not null default clock_timestamp() check (isfinite(due_at)),
  lease_until timestamptz check (isfinite(lease_until)),
  after uuid,
  primary key (org, integration, kind)
);
comment on column target_rounds.after is 'The right that was looked at last in a round that is not at its end.';

create table drifts (
  org text not null,
  right_id uuid not null,
  integration text not null,
  fence bigint not null,
  found_at timestamptz not null default clock_timestamp(),
  primary key (org, right_id)
);
comment on table drifts is 'Rights that should be there and were seen removed. fence: of the right when it was; a later one means a later removal.';

create table orphans (
  org text not null,
  integration text not null,
  access_type text not null,
  resource text not null,
  account text not null,
  is_ours boolean not null,
  found_at timestamptz not null default clock_timestamp(),
  attempts int not null default 0 check (attempts >= 0),
  problem text,
  primary key (org, integration, access_type, resource, account)
);
comment on table orphans is 'What carries our mark at a target and no right wants. resource is empty where it is the account itself.';

-- What was there before us is no orphan.
create index grants_of_others on grants (org, right_id) where left_in_place = 'pre-existing';

alter table grants drop constraint grants_end_kind_check;
alter table grants add constraint grants_end_kind_check check (end_kind in ('expired', 'relinquished', 'revoked', 'removed')) not valid;
comment on column grants.end_kind is 'removed: by somebody else, at the target.';
`.execute(db);
}
