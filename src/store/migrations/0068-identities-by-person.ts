import { type Kysely, sql } from 'kysely';

/** Whose accounts are asked for at each message to a person. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index identities_person on identities (org, person_id)`.execute(db);
}
