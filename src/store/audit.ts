import { type RawBuilder, sql } from 'kysely';
import type { AuditFilter, AuditStore, SealedEvent } from '../app/audit-store.ts';
import type { Org } from '../domain/ids.ts';
import { sealEvents } from './audit-chain.ts';
import { eventColumns, type EventRow, toEvent } from './audit-event.ts';
import type { Db } from './database.ts';

export function createAuditStore(db: Db): AuditStore {
  return {
    page: (org, filter) => readPage(db, org, filter),
    seal: () => sealEvents(db),
    heads: () => readHeads(db),
  };
}

export async function readHeads(db: Db): ReturnType<AuditStore['heads']> {
  const { rows } = await sql<{
    org: string;
    seq: string;
    hash: Buffer;
  }>`select org, seq, hash from audit_heads where seq > 0 order by org`.execute(db);
  return rows.map(({ org, seq, hash }) => ({ org, seq: Number(seq), hash: hash.toString('hex') }));
}

async function readPage(db: Db, org: Org, filter: AuditFilter): Promise<readonly SealedEvent[]> {
  const { rows } = await sql<EventRow & { seq: string; hash: Buffer }>`select c.seq, c.hash, ${eventColumns}
    from audit_chain c join audit a on a.id = c.event_id and a.org = c.org
    where c.org = ${org} ${conditions(filter)} order by c.seq desc limit ${filter.limit}`.execute(db);
  return rows.map((row) => ({ ...toEvent(row, Number(row.seq)), hash: row.hash.toString('hex') }));
}

function conditions(filter: AuditFilter): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = [];
  const { action } = filter;
  if (action !== undefined)
    parts.push(action.endsWith('*') ? sql`and starts_with(a.action, ${action.slice(0, -1)})` : sql`and a.action = ${action}`);
  if (filter.actorEmail !== undefined) parts.push(sql`and lower(a.actor->>'email') = lower(${filter.actorEmail})`);
  if (filter.actorId !== undefined) parts.push(sql`and a.actor->>'id' = ${filter.actorId}`);
  if (filter.request !== undefined) parts.push(sql`and a.request_id = ${filter.request}::uuid`);
  if (filter.since !== undefined) parts.push(sql`and a.at >= to_timestamp(${filter.since / 1000}::float8)`);
  if (filter.until !== undefined) parts.push(sql`and a.at < to_timestamp(${filter.until / 1000}::float8)`);
  if (filter.before !== undefined) parts.push(sql`and c.seq < ${filter.before}`);
  return parts.length === 0 ? sql`` : sql.join(parts, sql` `);
}
