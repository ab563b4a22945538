import { sql } from 'kysely';
import type { AuditHead, SealedEvent } from '../app/audit-store.ts';
import { readHeads } from './audit.ts';
import { eventColumns, type EventRow, hashEvent, noHash, toEvent } from './audit-event.ts';
import type { Db } from './database.ts';

/** The first event that does not fit; `seq` and `id` where they are known. */
export type Flaw = { readonly org: string; readonly seq: number | undefined; readonly id: number | undefined; readonly what: string };

/**
 * Walks one organisation's chain from its first event.
 * @param anchors  heads known from elsewhere, whose signatures have been looked at
 * @returns how far it holds, or the first flaw
 */
export async function verifyChain(
  org: string,
  events: AsyncIterable<SealedEvent> | Iterable<SealedEvent>,
  anchors: readonly AuditHead[] = [],
): Promise<{ readonly head: AuditHead; readonly flaw: Flaw | undefined }> {
  const anchored = new Map<number, string[]>();
  for (const { seq, hash } of anchors.filter((each) => each.org === org)) anchored.set(seq, [...(anchored.get(seq) ?? []), hash]);
  let head: AuditHead = { org, seq: 0, hash: noHash };
  for await (const event of events) {
    const what = whyUnfit(head, event, anchored.get(event.seq) ?? []);
    if (what !== undefined) return { head, flaw: { org, seq: event.seq, id: event.id, what } };
    head = { org, seq: event.seq, hash: event.hash };
  }
  const beyond = [...anchored.keys()].reduce((least, seq) => (seq > head.seq ? Math.min(least, seq) : least), Number.POSITIVE_INFINITY);
  if (beyond === Number.POSITIVE_INFINITY) return { head, flaw: undefined };
  const what = `the chain ends at ${head.seq}, but an anchor knows event ${beyond}: its tail is missing`;
  return { head, flaw: { org, seq: head.seq + 1, id: undefined, what } };
}

function whyUnfit(before: AuditHead, event: SealedEvent, anchors: readonly string[]): string | undefined {
  if (event.org !== before.org) return `it is of the organisation ${event.org}`;
  if (event.seq !== before.seq + 1) return `event ${before.seq + 1} should follow here`;
  if (hashEvent(before.hash, event) !== event.hash) return 'its hash does not fit: it, or what is before it, was changed';
  return anchors.every((hash) => hash === event.hash) ? undefined : 'an anchor knows another hash: the chain was written anew';
}

/**
 * Every organisation's chain in the database, and whether each event is in it.
 * @param anchors  read before this is called: an anchor beyond the head is a flaw
 * @param between  called after each page of events, for whoever is in no hurry
 * @returns the first flaw, and how many events are sound
 */
export async function verifyDatabase(
  db: Db,
  anchors: readonly AuditHead[],
  between?: () => Promise<void>,
): Promise<{ readonly events: number; readonly flaw: Flaw | undefined }> {
  const heads = await readHeads(db);
  let events = 0;
  const orgs = new Set([...heads, ...anchors].map((each) => each.org));
  for (const org of orgs) {
    const head = heads.find((each) => each.org === org) ?? { org, seq: 0, hash: noHash };
    const walked = await verifyChain(org, readChain(db, org, 1, { to: head.seq, between }), anchors);
    if (walked.flaw !== undefined) return { events, flaw: walked.flaw };
    if (walked.head.seq !== head.seq || walked.head.hash !== head.hash)
      return {
        events,
        flaw: { org, seq: walked.head.seq + 1, id: undefined, what: `the head says ${head.seq} events, the chain does not` },
      };
    events += walked.head.seq;
  }
  return { events, flaw: await findStray(db) };
}

/** An event that is neither sealed nor waiting, one that waits and is gone, or one in the chain beyond the head. */
async function findStray(db: Db): Promise<Flaw | undefined> {
  const { rows } = await sql<{ org: string; seq: string | null; id: string; what: string }>`
    select org, null::bigint as seq, id, 'it is neither sealed nor waiting to be' as what from audit a
      where not exists (select from audit_chain c where c.event_id = a.id) and not exists (select from audit_unsealed u where u.event_id = a.id)
    union all select org, null, event_id, 'it waits to be sealed and is gone' from audit_unsealed u
      where not exists (select from audit a where a.id = u.event_id)
    union all select u.org, null, event_id, 'it waits to be sealed, and is sealed already' from audit_unsealed u
      where exists (select from audit_chain c where c.event_id = u.event_id)
    union all select a.org, null, event_id, 'it waits to be sealed as an event of ' || u.org from audit_unsealed u
      join audit a on a.id = u.event_id where a.org <> u.org
    union all select c.org, c.seq, c.event_id, 'it is in the chain beyond the head' from audit_chain c
      where c.seq > coalesce((select h.seq from audit_heads h where h.org = c.org), 0)
    order by id limit 1`.execute(db);
  const [row] = rows;
  return row && { org: row.org, seq: row.seq === null ? undefined : Number(row.seq), id: Number(row.id), what: row.what };
}

/** Sealed events in order, page by page. One whose event is gone comes with an empty action, so that its hash cannot fit. */
export async function* readChain(
  db: Db,
  org: string,
  from: number,
  { to = Number.MAX_SAFE_INTEGER, between }: { to?: number; between?: (() => Promise<void>) | undefined } = {},
): AsyncGenerator<SealedEvent> {
  for (let next = from; ; ) {
    const { rows } = await sql<EventRow & { seq: string; event_id: string; hash: Buffer }>`select c.seq, c.event_id, c.hash, ${eventColumns}
      from audit_chain c left join audit a on a.id = c.event_id
      where c.org = ${org} and c.seq >= ${next} and c.seq <= ${to} order by c.seq limit 500`.execute(db);
    for (const row of rows) {
      const event = toEvent({ ...row, id: row.event_id, org: row.org ?? org, action: row.action ?? '' }, Number(row.seq));
      yield { ...event, hash: row.hash.toString('hex') };
      next = event.seq + 1;
    }
    if (rows.length < 500) return;
    await between?.();
  }
}
