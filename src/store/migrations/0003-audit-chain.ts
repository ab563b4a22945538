import { type Kysely, sql } from 'kysely';

/** Audit events wait to be sealed, and are sealed into one chain per organisation (ADR 7). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table audit_unsealed (
  event_id bigint primary key,
  org text not null
);
create index audit_unsealed_by_org on audit_unsealed (org, event_id);
create table audit_heads (
  org text primary key,
  seq bigint not null,
  hash bytea not null
);
create table audit_chain (
  org text not null,
  seq bigint not null,
  event_id bigint not null unique references audit (id),
  hash bytea not null,
  sealed_at timestamptz not null default clock_timestamp(),
  primary key (org, seq)
);
create trigger append_only before update or delete on audit_chain for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_chain for each statement execute function refuse_change();

create function audit_waits() returns trigger language plpgsql as $$
begin
  insert into audit_unsealed (event_id, org) select id, org from added;
  return null;
end $$;
create trigger waits after insert on audit referencing new table as added for each statement execute function audit_waits();
insert into audit_unsealed (event_id, org) select id, org from audit;
`.execute(db);
}
