import { type Kysely, sql } from 'kysely';

/** Home tabs that people have opened lately, to be drawn anew when what they show has changed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table homes (
  org text not null,
  account text not null check (length(account) between 1 and 100),
  person_id uuid not null,
  opened_at timestamptz not null check (isfinite(opened_at)),
  place text not null default '' check (length(place) <= 500),
  shown text not null default '',
  waiting uuid[] not null default '{}',
  overdue int,
  draws bigint not null default 0,
  changes bigint not null default 0,
  drawn_at timestamptz check (isfinite(drawn_at)),
  publish_at timestamptz check (isfinite(publish_at)),
  lease_until timestamptz check (isfinite(lease_until)),
  primary key (org, account),
  foreign key (org, person_id) references people (org, id)
);
create index homes_due on homes (publish_at) where publish_at is not null;
create index homes_opened on homes (opened_at);
comment on column homes.account is 'The user of the workspace whose tab it is.';
comment on column homes.place is 'Where in its lists the tab is, as the tab itself carries it.';
comment on column homes.shown is 'The digest of the tab as it is on the screen; empty: in doubt.';
comment on column homes.waiting is 'The requests that the tab shows as waiting for this person.';
comment on column homes.overdue is 'How much overdue access it tells of; null: it tells this person of none.';
comment on column homes.draws is 'Drawings begun, by whomever: one that was not the last when it came to its end is in doubt.';
comment on column homes.changes is 'Changes that it had to be looked at for.';
comment on column homes.publish_at is 'When it is to be looked at, and drawn anew if it differs. null: it is true.';
`.execute(db);
}
