import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { SealedEvent } from './app/audit-store.ts';
import { isSameJson } from './domain/same-json.ts';
import { agreedJson, receiptSchema } from './http/receipt-json.ts';

export type GivenReceipt = z.infer<typeof receiptSchema>;

/** @throws where the file cannot be read. Undefined: it is no receipt. */
export async function readReceipt(file: string): Promise<GivenReceipt | undefined> {
  try {
    return receiptSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Of what an event says: whatever is not as we write it is passed over, and then does not fit the receipt. */
const record = z.record(z.string(), z.unknown()).catch({});
const actors = z
  .union([
    z.object({ kind: z.literal('person'), id: z.string(), email: z.string(), via: z.enum(['slack', 'api', 'console']) }),
    z.object({ kind: z.literal('policy'), name: z.string() }),
    z.object({ kind: z.literal('system') }),
  ])
  .catch({ kind: 'system' } as const);

/**
 * Is this receipt what the log says? The events are those of its request in a chain that was found to hold.
 * @param last  the number of the chain's last event
 * @returns the first thing that does not fit
 */
export function whatDiffers(receipt: GivenReceipt, events: readonly SealedEvent[], last: number): string | undefined {
  return whichEvent(receipt, events, last) ?? whichMember(receipt, events);
}

/** Each event that it names is in the log as it is named, and none that was there then is left out. */
function whichEvent({ proof }: GivenReceipt, events: readonly SealedEvent[], last: number): string | undefined {
  if (proof.events.length === 0) return 'it names no events';
  const named = new Map<number, (typeof proof.events)[number]>();
  for (const each of proof.events) {
    if (each.seq === null) return `it was made out before ${each.action} was sealed: fetch it again`;
    if (each.seq > last) return `it names event ${each.seq}, and the export ends at ${last}: export again`;
    named.set(each.seq, each);
  }
  const known = new Map(events.map((event) => [event.seq, event]));
  for (const [seq, { hash, action, at }] of named) {
    const event = known.get(seq);
    if (event === undefined) return `event ${seq} of the log is not about its request`;
    if (event.hash !== hash || event.action !== action || event.time !== at) return `event ${seq} of the log is another one`;
  }
  const newest = Math.max(...named.keys());
  const missing = events.find(({ seq, action }) => seq < newest && action !== 'refused' && !named.has(seq));
  return missing && `it leaves out event ${missing.seq} (${missing.action})`;
}

/** What the log can say of its members: not what the account is called, nor the moments at which it was given and would have expired. */
function whichMember(receipt: GivenReceipt, events: readonly SealedEvent[]): string | undefined {
  const of = (action: string) => {
    const event = events.findLast((each) => each.action === action);
    return event && { actor: actors.parse(event.actor), data: record.parse(event.data), grant: event.grant };
  };
  const [asked, ended] = [of('request.submitted'), of('grant.ended')];
  if (asked === undefined || ended === undefined) return 'the log does not say that its access was asked for and has ended';
  const { data } = ended;
  const given = of('grant.activated')?.data['targetSaid'];
  const revoked = receipt.end.kind === 'revoked' ? of('grant.revoked') : undefined;
  const email = asked.actor.kind === 'person' ? asked.actor.email : undefined;
  const isOwn = asked.actor.kind === 'person' && asked.data['principal'] === asked.actor.id;
  // Whoever kept standing access did not ask for it; releases before this one left out who did.
  const isKeptSilently =
    asked.data['requestor'] === undefined && asked.data['extends'] !== undefined && asked.data['outcome'] === 'persistent';
  const agreed = events.flatMap((each) =>
    agreedJson({ action: each.action, time: each.time, actor: actors.parse(each.actor), data: record.parse(each.data) }),
  );
  const { right, end, targetSaid } = receipt;
  const facts: readonly (readonly [string, unknown, unknown])[] = [
    ['grantId', receipt.grantId, ended.grant],
    ...(isKeptSilently ? [] : [['requestor', receipt.requestor, asked.data['requestor'] ?? email] as const]),
    ...(isOwn ? [['principal', receipt.principal, email] as const] : []),
    ['reason', receipt.reason, asked.data['reason']],
    ['right.integration', right.integration, asked.data['integration']],
    ['right.accessType', right.accessType, asked.data['accessType']],
    ['right.resource', right.resource, of('request.narrowed')?.data['to'] ?? asked.data['resource']],
    ['agreed', receipt.agreed, agreed],
    ['end.kind', end.kind, data['end']],
    ['end.at', moment(end.at), moment(data['endAt'])],
    ...(revoked?.actor.kind === 'person' ? [['end.by', end.by, revoked.actor.email] as const] : []),
    ...(revoked === undefined ? [] : [['end.reason', end.reason, revoked.data['reason']] as const]),
    ['observedGoneAt', moment(receipt.observedGoneAt), moment(data['observedGoneAt'])],
    ['latenessMs', receipt.latenessMs, data['latenessMs']],
    ['leftInPlace', receipt.leftInPlace, data['leftInPlace']],
    ['sessionsEnded', receipt.sessionsEnded, data['sessionsEnded']],
    ['sessionsMayGoOn', receipt.sessionsMayGoOn === true, data['sessionsMayGoOn'] === true],
    ['untouched', receipt.untouched === true, data['untouched'] === true],
    // Not everybody is told what the target said.
    ...(targetSaid === undefined
      ? []
      : [['targetSaid.given', targetSaid.given, given] as const, ['targetSaid.gone', targetSaid.gone, data['targetSaid']] as const]),
  ];
  const other = facts.find(([, said, logged]) => !isSameJson(said ?? null, logged ?? null));
  return other && `its ${other[0]} is not what the log says`;
}

/** The log has microseconds, the receipt whole milliseconds. */
const moment = (text: unknown): number | undefined => (typeof text === 'string' ? Date.parse(text) : undefined);
