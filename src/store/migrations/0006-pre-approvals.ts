import { type Kysely, sql } from 'kysely';

/** Windows in which an approver has decided beforehand. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table pre_approvals (
  org text not null,
  id uuid not null,
  principal_id uuid not null,
  integration text not null,
  service text not null,
  access_type text not null,
  resource text not null,
  opens_at timestamptz not null check (isfinite(opens_at)),
  closes_at timestamptz not null check (isfinite(closes_at) and closes_at > opens_at),
  seconds bigint not null check (seconds > 0),
  reason text check (length(reason) between 1 and 1000),
  created_by uuid not null,
  created_via text not null check (created_via in ('slack', 'api')),
  created_at timestamptz not null check (isfinite(created_at)),
  ended_at timestamptz check (isfinite(ended_at)),
  ended_by uuid,
  primary key (org, id),
  foreign key (org, principal_id) references people (org, id),
  foreign key (org, created_by) references people (org, id),
  foreign key (org, ended_by) references people (org, id),
  check ((ended_at is null) = (ended_by is null))
);
create index pre_approvals_open on pre_approvals (org, principal_id, closes_at) where ended_at is null;
create index pre_approvals_by_creator on pre_approvals (org, created_by);
comment on column pre_approvals.seconds is 'The longest access that one request in the window may ask for.';
`.execute(db);
}
