import { type Kysely, sql } from 'kysely';

/** What a policy was before, and which version it has, is looked up by its name. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index policy_history_by_name on policy_history (org, name, version desc)`.execute(db);
}
