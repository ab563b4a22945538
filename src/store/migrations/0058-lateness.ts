import { type Kysely, sql } from 'kysely';

/** Reports of how late access was seen gone look at the newest ends only. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index grants_gone on grants (org, gone_at) where gone_at is not null`.execute(db);
}
