import { type Kysely, sql } from 'kysely';

/** Access that people took at once, and the reviews that they owe for it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table break_glass (
  org text not null,
  request_id uuid not null,
  person_id uuid not null,
  used_at timestamptz not null check (isfinite(used_at)),
  blocks boolean not null default true,
  reviewed_at timestamptz check (isfinite(reviewed_at)),
  reviewed_by uuid check (reviewed_by <> person_id),
  note text check (length(note) between 1 and 4000),
  primary key (org, request_id),
  foreign key (org, request_id) references requests (org, id),
  foreign key (org, person_id) references people (org, id),
  foreign key (org, reviewed_by) references people (org, id),
  check ((reviewed_at is null) = (reviewed_by is null)),
  check ((reviewed_at is null) = (note is null)),
  check (reviewed_at is null or not blocks)
);
comment on column break_glass.blocks is 'Its person takes nothing more at once until this is reviewed. Not where it gave nothing.';
create unique index break_glass_owed on break_glass (org, person_id) where blocks;
create index break_glass_unreviewed on break_glass (org, request_id) where reviewed_at is null;
`.execute(db);
}
