import type pg from 'pg';

/** A transaction holds a lock for each role that it makes, and PostgreSQL has room for some thousands. */
const together = 500;

/** Logins named by a prefix and a number from 1 that may read the sample; like ours where they have a tag. */
export async function makeLogins(client: pg.Client, prefix: string, count: number, tag?: string): Promise<void> {
  const like = tag === undefined ? '' : ` connection limit 20 valid until ''infinity''`;
  const comment = tag === undefined ? '' : `execute format('comment on role %I is %L', '${prefix}' || i, '${tag}');`;
  for (let from = 1; from <= count; from += together)
    await client.query(`do $$ begin for i in ${from}..${Math.min(count, from + together - 1)} loop
      execute format('create role %I login${like}', '${prefix}' || i); ${comment}
      execute format('grant readonly to %I', '${prefix}' || i); end loop; end $$`);
}
