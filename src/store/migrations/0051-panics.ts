import { type Kysely, sql } from 'kysely';

/** The panic switch: what was pressed, what it holds back, and which grants it ended (ADR 17). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table panics (
  org text not null,
  id uuid not null,
  kind text not null check (kind in ('person', 'right', 'target', 'everything')),
  person_id uuid,
  integration text,
  access_type text,
  resource text,
  reason text not null check (length(reason) between 1 and 1000),
  hold boolean not null,
  expected int not null check (expected >= 0),
  requests_denied int not null default 0,
  pre_approvals_closed int not null default 0,
  actor jsonb not null,
  started_by uuid not null,
  started_at timestamptz not null check (isfinite(started_at)),
  swept_at timestamptz check (isfinite(swept_at)),
  marked_at timestamptz check (isfinite(marked_at)),
  done_at timestamptz check (isfinite(done_at)),
  lifted_at timestamptz check (isfinite(lifted_at)),
  lifted_by uuid,
  primary key (org, id),
  foreign key (org, person_id) references people (org, id),
  foreign key (org, started_by) references people (org, id),
  foreign key (org, lifted_by) references people (org, id),
  check ((kind = 'person') = (person_id is not null)),
  check ((kind in ('right', 'target')) = (integration is not null)),
  check ((kind = 'right') = (access_type is not null and resource is not null)),
  check ((lifted_at is null) = (lifted_by is null)),
  check (done_at is null or marked_at is not null)
);
create index panics_under_way on panics (org, id) where done_at is null or hold and lifted_at is null;
comment on column panics.expected is 'How many grants its selection had when it was pressed.';
comment on column panics.swept_at is 'When a worker last looked for what it has to end.';

alter table grants add column panic_id uuid;
create index grants_of_panic on grants (org, panic_id) where panic_id is not null;
comment on column grants.panic_id is 'The panic that ended it, or that waits for it to be gone.';
`.execute(db);
}
