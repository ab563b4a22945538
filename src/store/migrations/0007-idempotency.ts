import { type Kysely, sql } from 'kysely';

/** Calls with an Idempotency-Key: who holds one, whether it changed something, and what was answered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table idempotency_keys (
  org text not null,
  slot bytea not null check (octet_length(slot) = 32),
  request bytea not null check (octet_length(request) = 32),
  token uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  acted_at timestamptz,
  ended_at timestamptz,
  status smallint,
  headers jsonb,
  body bytea,
  primary key (org, slot),
  check ((status is null) = (headers is null) and (status is null) = (body is null)),
  check (status is null or ended_at is not null)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
comment on column idempotency_keys.slot is 'SHA-256 of the caller, the address and the key.';
comment on column idempotency_keys.request is 'SHA-256 of the query, the conditional headers and the body.';
comment on column idempotency_keys.acted_at is 'Set in the transaction that changed something.';
comment on column idempotency_keys.status is 'With headers and body: the answer. Null on an ended call: it is not shown again.';
`.execute(db);
}
