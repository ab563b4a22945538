import { type Kysely, sql } from 'kysely';

/** Of a right that nothing wants and that is due all the same: whether a grant that could not be set up may have left it behind. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index grants_failed on grants (org, right_id) where state = 'failed'`.execute(db);
}
