import { type Kysely, sql } from 'kysely';

/** Endpoints that follow the audit chain, each from a position of its own (ADR 8). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table webhooks (
  org text not null,
  id uuid not null,
  url text not null,
  events text[] not null,
  description text not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by uuid not null,
  -- Sealed.
  secret text not null,
  former_secret text,
  former_secret_until timestamptz,
  -- The seq of the last event that it is done with.
  position bigint not null,
  next_try_at timestamptz not null default clock_timestamp(),
  failures integer not null default 0,
  failing_since timestamptz,
  last_at timestamptz,
  last_seq bigint,
  last_status integer,
  last_problem text,
  disabled_at timestamptz,
  disabled_why text check (disabled_why in ('owner', 'failing', 'gone')),
  lease uuid,
  lease_until timestamptz,
  primary key (org, id),
  foreign key (org, created_by) references people (org, id),
  check ((disabled_at is null) = (disabled_why is null)),
  check ((lease is null) = (lease_until is null))
)`.execute(db);
}
