import { type Kysely, sql } from 'kysely';

/**
 * Whether access that was there when 0016 came is to be warned of before its end: nothing else would look at its messages
 * before that end. A look at those that were looked at since changes nothing.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
update requests q set notify_at = now() from grants g
where g.org = q.org and g.request_id = q.id and g.state = 'active' and q.state = 'approved' and q.notify_at is null
`.execute(db);
}
