/**
 * A process of its own, with a login of its own that may only look: `node observer.ts <url> <file> <every ms>`. Again and again it writes
 * who is a member of what at the target, by the target's own clock. It knows nothing of Curfew, and ends with its input.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const [url = '', file = '', everyMs = '100'] = process.argv.slice(2);
let isOver = false;
process.stdin.on('end', () => (isOver = true)).resume();

/**
 * `at` is before what it sees, and `until` after, because clock_timestamp() is read behind the rows: on a busy machine a look takes its time.
 * A login that has ended its validity cannot come in, but it is a member all the same, and counts.
 */
const look = `select (extract(epoch from statement_timestamp()) * 1000)::float8 as at, (extract(epoch from clock_timestamp()) * 1000)::float8 as until, coalesce(array_agg(m.rolname || ':' || r.rolname order by m.rolname, r.rolname), '{}') as held
  from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid where r.rolname in ('readonly', 'readwrite')`;

let client: pg.Client | undefined;
while (!isOver) {
  try {
    client ??= await connect();
    const { rows } = await client.query<{ at: number; until: number; held: string[] }>(look);
    appendFileSync(file, `${JSON.stringify(rows[0])}\n`);
  } catch {
    // The target is away, which the lane has on record. A look that failed is no look: nothing is written.
    await client?.end().catch(() => undefined);
    client = undefined;
  }
  await sleep(Number(everyMs));
}
await client?.end();

async function connect(): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  made.on('error', () => undefined);
  await made.connect();
  return made;
}
