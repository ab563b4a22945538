import { type Kysely, sql } from 'kysely';

/** Home tabs of accounts that are nobody's are kept true too: what they showed of a person goes, and comes back. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table homes alter column person_id drop not null;
comment on column homes.person_id is 'Whom the tab shows. null: nobody, it says why this account is refused.';
`.execute(db);
}
