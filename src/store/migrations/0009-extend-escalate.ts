import { type Kysely, sql } from 'kysely';

/** Requests for more time, and requests that were put before whoever is on call. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table requests
  add column extends uuid,
  add column first_id uuid,
  add column escalated_at timestamptz check (isfinite(escalated_at)),
  add column escalated_reason text check (length(escalated_reason) between 1 and 1000),
  add column paged_at timestamptz check (isfinite(paged_at)),
  add foreign key (org, extends) references requests (org, id),
  add foreign key (org, first_id) references requests (org, id),
  add check ((extends is null) = (first_id is null)),
  add check (extends <> id and first_id <> id),
  add check (escalated_at is not null or (escalated_reason is null and paged_at is null));
create unique index requests_open_extension on requests (org, first_id) where extends is not null and state = 'pending';
create index requests_of_chain on requests (org, first_id) where first_id is not null;
create index requests_extending on requests (org, extends) where extends is not null;
comment on column requests.extends is 'The request whose access this one asks to extend.';
comment on column requests.first_id is 'The request that the chain of extensions began with; its row is the lock of the whole chain.';

alter table grants
  add column chain_from timestamptz check (isfinite(chain_from)),
  add check (granted_at >= chain_from);
comment on column grants.chain_from is 'Of an extension: when the first grant of its chain began, from which its length counts.';

-- The release before this one approves requests without knowing of chains, and may still run beside it.
create function refuse_grant_without_chain() returns trigger language plpgsql as $$
begin
  if new.chain_from is null and exists (select from requests where org = new.org and id = new.request_id and extends is not null) then
    raise exception 'the grant of the extension % does not say when its chain began', new.request_id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger whole_chain before insert or update of chain_from, request_id on grants for each row execute function refuse_grant_without_chain();

alter table messages drop constraint messages_slot_check;
alter table messages add constraint messages_slot_check check (slot in ('approval', 'request', 'access', 'ended', 'refused', 'escalation'));
`.execute(db);
}
