import { type Kysely, sql } from 'kysely';

/**
 * The first schema. The checks repeat the state unions of `domain/request.ts` and `domain/grant.ts`, so that no code,
 * ours or anybody's, can store a state that does not exist. Every key carries the organisation (I11).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table people (
  org text not null,
  id uuid not null,
  email text not null,
  canonical text not null,
  created_at timestamptz not null default now(),
  primary key (org, id),
  unique (org, canonical)
);

create table identities (
  org text not null,
  provider text not null,
  subject text not null,
  person_id uuid not null,
  linked_at timestamptz not null default now(),
  primary key (org, provider, subject),
  foreign key (org, person_id) references people (org, id)
);

create table api_keys (
  org text not null,
  id uuid not null,
  hash bytea not null,
  person_id uuid not null,
  label text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  primary key (org, id),
  unique (hash),
  foreign key (org, person_id) references people (org, id)
);

create table role_bindings (
  org text not null,
  role text not null check (role in ('viewer', 'iamViewer', 'iamOwner', 'manager', 'owner')),
  canonical text not null,
  source text not null check (source in ('configuration', 'api')),
  primary key (org, role, canonical, source)
);

create table settings (
  org text primary key,
  document jsonb not null,
  updated_at timestamptz not null default now()
);

create table policies (
  org text not null,
  name text not null,
  position bigint generated always as identity,
  document jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (org, name)
);

create table accounts (
  org text not null,
  integration text not null,
  account text not null,
  person_id uuid not null,
  made boolean not null default false,
  offered text,
  secret text,
  primary key (org, integration, account),
  unique (org, integration, account, person_id),
  foreign key (org, person_id) references people (org, id)
);
comment on table accounts is 'One account of a target belongs to one person, for ever: two people whose addresses give the same name must not share access.';
comment on column accounts.secret is 'A sealed password that waits to be shown once.';
comment on column accounts.offered is 'A sealed password that a call may have set at the target, unconfirmed.';

create table rights (
  org text not null,
  id uuid not null,
  integration text not null,
  service text not null,
  access_type text not null,
  resource text not null,
  person_id uuid not null,
  account text not null,
  observed text not null default 'unknown' check (observed in ('unknown', 'absent', 'present')),
  baseline text check (baseline in ('absent', 'present')),
  call_started timestamptz not null default 'epoch' check (isfinite(call_started)),
  quarantine_until timestamptz check (isfinite(quarantine_until)),
  attempts int not null default 0 check (attempts >= 0),
  settled_for text check (settled_for in ('absent', 'present')),
  fence bigint not null default 0,
  generation bigint not null default 0,
  lease_owner text,
  lease_until timestamptz check (isfinite(lease_until)),
  lane text not null default 'give' check (lane in ('give', 'take')),
  due_at timestamptz check (isfinite(due_at)),
  problem text,
  primary key (org, id),
  unique (org, integration, access_type, resource, person_id),
  foreign key (org, integration, account, person_id) references accounts (org, integration, account, person_id),
  foreign key (org, person_id) references people (org, id)
);
create index rights_of_account on rights (org, integration, account);
create index rights_due on rights (lane, due_at) where due_at is not null;
comment on column rights.baseline is 'What the target said before our first call. null: we never called; present: the principal had it already, so we never remove it.';
comment on column rights.settled_for is 'What the last write-back wanted; attempts count from its last change.';
comment on column rights.due_at is 'When the reconciler must look next. null: at rest, nothing wanted and nothing in doubt.';
comment on column rights.generation is 'Counts changes of what is wanted. A write-back of an older generation leaves the right due.';

create table requests (
  org text not null,
  id uuid not null,
  requestor_id uuid not null,
  principal_id uuid not null,
  integration text not null,
  service text not null,
  access_type text not null,
  resource text not null,
  reason text check (length(reason) between 1 and 1000),
  asked_seconds bigint not null check (asked_seconds > 0),
  duration_named boolean not null,
  created_at timestamptz not null,
  approvable_until timestamptz not null check (isfinite(approvable_until) and approvable_until > created_at),
  state text not null default 'pending' check (state in ('pending', 'approved', 'denied', 'cancelled', 'lapsed')),
  decided_at timestamptz,
  decided_by uuid,
  decided_policy text,
  decided_seconds bigint check (decided_seconds > 0),
  decided_reason text,
  notice_lease_until timestamptz,
  primary key (org, id),
  foreign key (org, requestor_id) references people (org, id),
  foreign key (org, principal_id) references people (org, id),
  foreign key (org, decided_by) references people (org, id),
  check ((state = 'pending') = (decided_at is null)),
  check ((state in ('approved', 'denied')) = ((decided_by is null) <> (decided_policy is null))),
  check ((state = 'approved') = (decided_seconds is not null)),
  check (state in ('approved', 'denied') or (decided_by is null and decided_policy is null))
);
create index requests_open on requests (approvable_until) where state = 'pending';
create index requests_by_requestor on requests (org, requestor_id, created_at desc);
create index requests_by_principal on requests (org, principal_id, created_at desc);

create function refuse_second_decision() returns trigger language plpgsql as $$
begin
  if old.state <> 'pending' and (new.state, new.decided_at, new.decided_by, new.decided_policy, new.decided_seconds, new.decided_reason)
     is distinct from (old.state, old.decided_at, old.decided_by, old.decided_policy, old.decided_seconds, old.decided_reason) then
    raise exception 'request % is decided already', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger one_decision before update on requests for each row execute function refuse_second_decision();

create table grants (
  org text not null,
  id uuid not null,
  request_id uuid not null,
  right_id uuid not null,
  seconds bigint not null check (seconds > 0),
  standing boolean not null default false,
  state text not null default 'planned' check (state in ('planned', 'active', 'ending', 'ended', 'failed')),
  latest_end timestamptz not null check (isfinite(latest_end)),
  provision_until timestamptz not null check (isfinite(provision_until) and provision_until < latest_end),
  granted_at timestamptz check (isfinite(granted_at)),
  expires_at timestamptz check (isfinite(expires_at)),
  end_kind text check (end_kind in ('expired', 'relinquished', 'revoked')),
  end_at timestamptz,
  ended_by uuid,
  end_reason text,
  gone_at timestamptz,
  left_in_place text check (left_in_place in ('pre-existing', 'another-grant')),
  sessions_ended int not null default 0,
  failed_at timestamptz,
  why text,
  primary key (org, id),
  unique (org, request_id),
  foreign key (org, request_id) references requests (org, id),
  foreign key (org, right_id) references rights (org, id),
  foreign key (org, ended_by) references people (org, id),
  check ((granted_at is null) = (expires_at is null)),
  check (expires_at > granted_at and expires_at <= granted_at + seconds * interval '1 second' and expires_at <= latest_end),
  check (state <> 'active' or expires_at is not null),
  check (state <> 'planned' or granted_at is null),
  check ((state in ('ending', 'ended')) = (end_kind is not null and end_at is not null)),
  check ((end_kind = 'revoked') = (ended_by is not null) or end_kind is null),
  check ((state = 'ended') = (gone_at is not null)),
  check ((state = 'failed') = (failed_at is not null and why is not null))
);
create index grants_of_right on grants (org, right_id) where state in ('planned', 'active', 'ending');

create table messages (
  org text not null,
  request_id uuid not null,
  slot text not null check (slot in ('approval', 'request', 'access', 'ended', 'refused')),
  channel text not null,
  ts text not null,
  shown text not null,
  primary key (org, request_id, slot),
  foreign key (org, request_id) references requests (org, id)
);

create table outbox (
  id bigint generated always as identity primary key,
  org text not null,
  kind text not null check (kind in ('notify', 'look')),
  subject uuid not null,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index outbox_unsent on outbox (id) where sent_at is null;
create index outbox_by_subject on outbox (org, subject);

create function wake_relay() returns trigger language plpgsql as $$
begin
  perform pg_notify('curfew_outbox', '');
  return null;
end $$;
create trigger wake_relay after insert on outbox for each statement execute function wake_relay();

create table audit (
  id bigint generated always as identity primary key,
  org text not null,
  at timestamptz not null default clock_timestamp(),
  action text not null,
  actor jsonb not null,
  request_id uuid,
  grant_id uuid,
  data jsonb not null default '{}'
);
create index audit_by_request on audit (org, request_id, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on audit for each row execute function refuse_change();
create trigger no_truncate before truncate on audit for each statement execute function refuse_change();
`.execute(db);
}
