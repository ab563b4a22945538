import { type Kysely, sql } from 'kysely';

/**
 * Releases run side by side (I17): what a process must know to be let at the rights, and where rows are whose state or kind
 * only a newer release knows. The indexes are of what should not be there, and so stay empty.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table schema_min (
  only_row boolean primary key default true check (only_row),
  migration int not null default 0 check (migration >= 0)
);
insert into schema_min default values;
comment on column schema_min.migration is 'A process whose newest migration has a smaller number claims no rights. Raised by a migration that older processes would misread.';

create index grants_strange on grants (org, right_id)
  where state not in ('planned', 'active', 'ending', 'ended', 'failed') or end_kind not in ('expired', 'relinquished', 'revoked')
    or left_in_place not in ('pre-existing', 'another-grant');
create index requests_strange on requests (org) where state not in ('pending', 'approved', 'denied', 'cancelled', 'lapsed');
create index rights_strange on rights (org)
  where observed not in ('unknown', 'absent', 'present') or baseline not in ('absent', 'present') or lane not in ('give', 'take');
create index outbox_strange on outbox (org) where kind not in ('notify', 'look');
`.execute(db);
}
