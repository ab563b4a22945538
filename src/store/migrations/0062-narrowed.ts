import { type Kysely, sql } from 'kysely';

/** What was asked for at first, and who made it less. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
alter table requests add column narrowed jsonb;
comment on column requests.narrowed is 'from: the resource that was asked for at first; by: the address of the approver who made it less, the last.';
`.execute(db);
}
