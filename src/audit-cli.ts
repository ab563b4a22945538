import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { SealedEvent } from './app/audit-store.ts';
import { anchorFile, type AnchorReading, readAnchors } from './audit-anchors.ts';
import type { Config } from './config.ts';
import { toP0Event } from './p0-audit.ts';
import { openDatabase } from './store/database.ts';
import { type Flaw, readChain, verifyDatabase } from './store/audit-verify.ts';
import { createLog } from './telemetry.ts';
import { verifyExport } from './verify-export.ts';
import { type GivenReceipt, readReceipt, whatDiffers } from './verify-receipt.ts';

/** `audit export`: the sealed events of the organisation, oldest first, one JSON document a line. @returns the exit code */
export async function exportAudit(config: Config, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { from: { type: 'string' }, format: { type: 'string', default: 'jsonl' } } });
  const from = z.coerce
    .number()
    .int()
    .min(1)
    .safeParse(values.from ?? '1');
  if (!from.success) return complain('--from must be a whole number from 1');
  const dress = dresses.get(values.format);
  if (dress === undefined) return complain(`--format must be one of ${[...dresses.keys()].join(', ')}`);
  return withDatabase(config, async (db) => {
    for await (const event of readChain(db, config.org, from.data)) {
      if (!process.stdout.write(`${JSON.stringify(dress(event))}\n`)) await once(process.stdout, 'drain');
    }
    return 0;
  });
}

/** CloudEvents 1.0; the place in the chain and the hash are extension attributes. */
const toCloudEvent = ({ seq, hash, id, org, time, action, actor, request, grant, data }: SealedEvent) => ({
  specversion: '1.0',
  id: String(id),
  source: `/o/${org}`,
  type: `curfew.${action}.v1`,
  time,
  datacontenttype: 'application/json',
  curfewseq: String(seq),
  curfewhash: hash,
  data: { actor, request, grant, data },
});

const dresses = new Map<string, (event: SealedEvent) => object>([
  ['jsonl', (event) => event],
  ['cloudevents', toCloudEvent],
  ['p0', toP0Event],
]);

/** `audit verify`: of the database, or of an export from its first event, and of the anchors; and of a receipt. @returns the exit code */
export async function verifyAudit(config: Config, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { file: { type: 'string' }, anchors: { type: 'string' }, receipt: { type: 'string' } },
  });
  const { file } = values;
  if (values.receipt !== undefined && file === undefined)
    return complain('--receipt needs the export that it is held against: --file audit.jsonl');
  const receipt = values.receipt === undefined ? undefined : await readReceipt(values.receipt);
  if (values.receipt !== undefined && receipt === undefined) return complain(`${values.receipt} is no receipt as the API gives it.`);
  if (receipt !== undefined && receipt.org !== config.org) return complain(`The receipt is of ${receipt.org}, and not of ${config.org}.`);
  const reading = await findAnchors(config, values.anchors, file === undefined);
  if (typeof reading === 'number') return reading;
  if (file !== undefined) {
    const events: SealedEvent[] = [];
    const found = (event: SealedEvent) => void (event.request !== null && event.request === receipt?.requestId && events.push(event));
    const { head, flaw } = await verifyExport(config.org, file, reading?.anchors ?? [], found);
    const own = reading && { ...reading, anchors: reading.anchors.filter((each) => each.org === config.org) };
    const code = report(head.seq, flaw, own);
    return code !== 0 || receipt === undefined ? code : reportReceipt(receipt, whatDiffers(receipt, events, head.seq));
  }
  return withDatabase(config, async (db) => {
    const { events, flaw } = await verifyDatabase(db, reading?.anchors ?? []);
    return report(events, flaw, reading);
  });
}

/** Of the file that is named, which must be there, or of the data folder's; an export may be older than that, so not for one. */
async function findAnchors(config: Config, named: string | undefined, orOwn: boolean): Promise<AnchorReading | number | undefined> {
  if (named === undefined && !orOwn) return undefined;
  const file = named ?? anchorFile(config.dataDir);
  try {
    const reading = await readAnchors(file, config.secretKey);
    const { broken } = reading;
    return broken === undefined ? reading : complain(`The anchors are broken at line ${broken.line} of ${file}: ${broken.what}.`);
  } catch (error) {
    if (named === undefined && error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function report(events: number, flaw: Flaw | undefined, reading: AnchorReading | undefined): number {
  if (flaw === undefined) {
    process.stdout.write(`The audit log holds: ${events} sealed events, ${describeAnchors(reading)}.\n`);
    return 0;
  }
  const place = [flaw.seq === undefined ? [] : [`seq ${flaw.seq}`], flaw.id === undefined ? [] : [`id ${flaw.id}`]].flat();
  process.stderr.write(`The audit log of ${flaw.org} is broken at ${place.join(', ')}: ${flaw.what}.\n`);
  return 1;
}

function reportReceipt({ requestId, proof }: GivenReceipt, differs: string | undefined): number {
  if (differs !== undefined) {
    process.stderr.write(`The receipt of ${requestId} does not hold: ${differs}.\n`);
    return 1;
  }
  process.stdout.write(`The receipt of ${requestId} holds: its ${proof.events.length} events, and what they say.\n`);
  return 0;
}

function describeAnchors(reading: AnchorReading | undefined): string {
  const cutOff = reading === undefined || reading.cutOff === 0 ? '' : ` (${reading.cutOff} cut-off lines passed over)`;
  if (reading === undefined || reading.anchors.length === 0) return `compared with no anchors, because there were none${cutOff}`;
  return `compared with ${reading.anchors.length} anchors${cutOff}`;
}

async function withDatabase(config: Config, act: (db: ReturnType<typeof openDatabase>['db']) => Promise<number>): Promise<number> {
  if (config.database.kind === 'embedded')
    return complain('DATABASE_URL is not set. Give the address of the database that holds the audit log.');
  const { db } = openDatabase(config.database.url.reveal(), createLog(config.logLevel), { max: 2 });
  try {
    return await act(db);
  } finally {
    await db.destroy();
  }
}

function complain(sentence: string): number {
  process.stderr.write(`- ${sentence}\n`);
  return 1;
}
