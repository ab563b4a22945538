import { sql } from 'kysely';
import { eventColumns, type EventRow, hashEvent, noHash, toEvent } from './audit-event.ts';
import type { Db } from './database.ts';

const batch = 500;

/** Seals whatever waits, organisation by organisation, and returns how many events that were. */
export async function sealEvents(db: Db): Promise<number> {
  const { rows } = await sql<{ org: string }>`with waiting as (select distinct org from audit_unsealed),
    begun as (insert into audit_heads (org, seq, hash) select org, 0, ${Buffer.from(noHash, 'hex')} from waiting on conflict do nothing)
    select org from waiting order by org`.execute(db);
  let total = 0;
  for (const { org } of rows) {
    let sealed: number;
    do {
      sealed = await sealBatch(db, org);
      total += sealed;
    } while (sealed === batch);
  }
  return total;
}

/** 0 where nothing waits, and where somebody else is sealing this organisation. */
function sealBatch(db: Db, org: string): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const heads = await sql<{
      seq: string;
      hash: Buffer;
    }>`select seq, hash from audit_heads where org = ${org} for update skip locked`.execute(tx);
    const [head] = heads.rows;
    if (head === undefined) return 0;
    const { rows } = await sql<EventRow>`select ${eventColumns} from audit_unsealed u join audit a on a.id = u.event_id and a.org = u.org
      where u.org = ${org} order by u.event_id limit ${batch}`.execute(tx);
    if (rows.length === 0) return 0;
    const ids = rows.map((row) => row.id);
    const first = Number(head.seq) + 1;
    let last = head.hash.toString('hex');
    const hashes = rows.map((row, index) => (last = hashEvent(last, toEvent(row, first + index))));
    await sql`with chained as (
        insert into audit_chain (org, seq, event_id, hash)
        select ${org}, ${first - 1} + n, id, decode(hash, 'hex')
        from unnest(${ids}::bigint[], ${hashes}::text[]) with ordinality as t (id, hash, n)),
      gone as (delete from audit_unsealed where event_id = any(${ids}::bigint[])),
      moved as (
        update audit_heads set seq = ${first - 1 + rows.length}, hash = decode(${last}, 'hex') where org = ${org} returning org)
      select pg_notify('curfew_sealed', '') from moved`.execute(tx);
    return rows.length;
  });
}
