import type pg from 'pg';

/** Copies the only request with its right and grant, so that there are `count` more of each, newer than it. */
export async function addGrants(pool: pg.Pool, count: number): Promise<void> {
  const id = (prefix: string) => `('${prefix}7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
  // Rows are copied whole, with the columns that differ; what the columns are is the schema's business.
  const copy = (table: string, changes: string) =>
    pool.query(`insert into ${table} select (jsonb_populate_record(t, ${changes})).* from ${table} t, generate_series(1, $1::int) n`, [
      count,
    ]);
  await copy('requests', `jsonb_build_object('id', ${id('ffffff00-0000-')}, 'resource', 'copy' || n)`);
  await copy('rights', `jsonb_build_object('id', ${id('ffffff01-0000-')}, 'resource', 'copy' || n)`);
  await copy(
    'grants',
    `jsonb_build_object('id', ${id('ffffff02-0000-')}, 'request_id', ${id('ffffff00-0000-')}, 'right_id', ${id('ffffff01-0000-')})`,
  );
  // As autovacuum does by itself, some time after so many came at once.
  await pool.query('analyze requests, rights, grants');
}
