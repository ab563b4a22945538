import { type Kysely, sql } from 'kysely';

/** Whose database this is: the organisation that was there before, or the first that starts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table installation (
  only_row boolean primary key default true check (only_row),
  org text not null check (org <> '')
);
comment on column installation.org is 'The only organisation whose processes start on this database.';
insert into installation (org) select min(org) from role_bindings having count(distinct org) = 1;
`.execute(db);
}
