import { type Kysely, sql } from 'kysely';

/** Hours that come again every week: in them a pre-approval decides, and standing access is there. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table pre_approvals add column recurring text check (length(recurring) between 1 and 120);
comment on column pre_approvals.recurring is 'Hours like Mon-Fri 09:00-17:00 Europe/Paris, in the canonical spelling; null: at any time.';

alter table grants
  add column recurring text check (length(recurring) between 1 and 120),
  add column opens_at timestamptz check (isfinite(opens_at)),
  add column closes_at timestamptz check (isfinite(closes_at)),
  add column opened_at timestamptz check (isfinite(opened_at)),
  add column closed_at timestamptz check (isfinite(closed_at)),
  add check (closes_at > opens_at),
  add check ((recurring is null) = (opens_at is null) and (recurring is null) = (closes_at is null)),
  add check (recurring is not null or (opened_at is null and closed_at is null));
create index grants_closing on grants (closes_at) where recurring is not null and state = 'active';
comment on column grants.recurring is 'Hours like Mon-Fri 09:00-17:00 Europe/Paris in which the right is there; null: as long as the grant lasts.';
comment on column grants.opens_at is 'With closes_at: the hours that are open, or else the next ones. Once they have closed it is not wanted until somebody works out the next.';
comment on column grants.opened_at is 'When the target was seen with it in these hours; null while they are closed and it was seen to be gone.';
comment on column grants.closed_at is 'When they closed last.';
`.execute(db);
}
