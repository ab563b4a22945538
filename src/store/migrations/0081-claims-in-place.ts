import { type Kysely, sql } from 'kysely';

/**
 * A claim changes what was observed. As long as an index names that, PostgreSQL writes the row's entry in each of the five indexes
 * anew for every claim; without, it changes the row in its page, where there is room for it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
drop index rights_strange;
create index rights_strange on rights (org) where baseline not in ('absent', 'present') or lane not in ('give', 'take');
alter table rights set (fillfactor = 70);
`.execute(db);
}
