import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { sql } from 'kysely';
import type { AuditEvent } from '../app/audit-store.ts';

/** What the first event's hash follows. */
export const noHash = '00'.repeat(32);

/** SHA-256 of the hash before and the event's canonical JSON (RFC 8785), in hexadecimal. */
export function hashEvent(before: string, { seq, id, org, time, action, actor, request, grant, data }: AuditEvent): string {
  const text = canonicalize({ seq, id, org, time, action, actor, request, grant, data });
  if (text === undefined) throw new Error('an audit event has no canonical form');
  return createHash('sha256').update(Buffer.from(before, 'hex')).update(text, 'utf8').digest('hex');
}

export type EventRow = {
  id: string;
  org: string;
  time: string;
  action: string;
  actor: unknown;
  request: string | null;
  grant: string | null;
  data: unknown;
};

/** Of `audit a`. The time is written in SQL: a JavaScript date would lose the microseconds. */
export const eventColumns = sql`a.id, a.org, to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time,
  a.action, a.actor, a.request_id as request, a.grant_id as grant, a.data`;

export const toEvent = ({ id, org, time, action, actor, request, grant, data }: EventRow, seq: number): AuditEvent => ({
  seq,
  id: Number(id),
  org,
  time,
  action,
  actor,
  request,
  grant,
  data,
});
