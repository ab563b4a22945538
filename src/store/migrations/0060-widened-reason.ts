import { type Kysely, sql } from 'kysely';

/** Why the requestor wanted the next group asked before its time; null where its time had come. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table requests add column groups_asked_reason text`.execute(db);
}
