import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { AuditHead } from './app/audit-store.ts';
import type { Log } from './app/ports.ts';
import { every } from './every.ts';

const everyMs = 60_000;
const label = 'curfew audit anchor v1';
/** PKCS8 in DER of an Ed25519 private key, up to its seed of 32 bytes (RFC 8410). */
const beforeSeed = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The signature, in base64, is over the canonical JSON of the other members and of `label`. */
const anchorSchema = z.object({ org: z.string(), seq: z.int().min(1), hash: z.string(), at: z.string(), signature: z.string() });
type Anchor = z.infer<typeof anchorSchema>;

/** Where the anchors are, outside the database. */
export const anchorFile = (dataDir: string): string => path.join(dataDir, 'audit-anchors.jsonl');

function deriveKey(secretKey: Buffer): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', secretKey, Buffer.alloc(0), label, 32));
  return createPrivateKey({ key: Buffer.concat([beforeSeed, seed]), format: 'der', type: 'pkcs8' });
}

function signedBytes({ org, seq, hash, at }: Omit<Anchor, 'signature'>): Buffer {
  const text = canonicalize({ label, org, seq, hash, at });
  if (text === undefined) throw new Error('an anchor has no canonical form');
  return Buffer.from(text, 'utf8');
}

/** Signs each head and appends it to the file, a line each, and waits until the disk has them. */
export async function appendAnchors(file: string, secretKey: Buffer, heads: readonly AuditHead[]): Promise<void> {
  if (heads.length === 0) return;
  const key = deriveKey(secretKey);
  // The process' own clock: the anchor is there for the case that the database is not to be believed.
  const at = new Date().toISOString();
  const lines = heads.map(({ org, seq, hash }) => {
    const signature = sign(null, signedBytes({ org, seq, hash, at }), key).toString('base64');
    return `${JSON.stringify({ org, seq, hash, at, signature } satisfies Anchor)}\n`;
  });
  await mkdir(path.dirname(file), { recursive: true });
  await using handle = await open(file, 'a+', 0o600);
  const { size } = await handle.stat();
  const last = size === 0 ? '\n' : (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString();
  // A write that a full disk or a crash cut off must not spoil the line after it.
  await handle.appendFile(`${last === '\n' ? '' : '\n'}${lines.join('')}`);
  await handle.datasync();
}

export type AnchorReading = {
  readonly anchors: readonly AuditHead[];
  /** Lines that are no JSON: a write was cut off there. Who could do that on purpose could as well take the line out. */
  readonly cutOff: number;
  /** The first line that is whole and not to be believed, counted from 1. */
  readonly broken: { readonly line: number; readonly what: string } | undefined;
};

/** Reads the anchors of a file as far as their signatures hold. @throws where it cannot be read, with ENOENT where it is not there */
export async function readAnchors(file: string, secretKey: Buffer): Promise<AnchorReading> {
  const key = createPublicKey(deriveKey(secretKey));
  const anchors: AuditHead[] = [];
  let line = 0;
  let cutOff = 0;
  await using handle = await open(file, 'r');
  for await (const text of handle.readLines()) {
    line += 1;
    const json = parseJson(text);
    if (json === undefined) {
      cutOff += 1;
      continue;
    }
    const { success, data } = anchorSchema.safeParse(json);
    if (!success) return { anchors, cutOff, broken: { line, what: 'it is no anchor' } };
    if (!verify(null, signedBytes(data), key, Buffer.from(data.signature, 'base64'))) {
      const what = `its signature (${data.org}, seq ${data.seq}) does not fit: it was changed, or signed under another CURFEW_SECRET_KEY`;
      return { anchors, cutOff, broken: { line, what } };
    }
    anchors.push({ org: data.org, seq: data.seq, hash: data.hash });
  }
  return { anchors, cutOff, broken: undefined };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes each organisation's head down at once, where it has moved every minute, and when it is disposed.
 * A write that fails is logged and comes again with the next; nothing else waits for it.
 */
export function startAnchors(options: {
  readonly file: string;
  readonly secretKey: Buffer;
  readonly heads: () => Promise<readonly AuditHead[]>;
  readonly log: Log;
}): AsyncDisposable {
  const { file, secretKey, heads, log } = options;
  const written = new Map<string, string>();
  const write = async (): Promise<void> => {
    try {
      const moved = (await heads()).filter((head) => written.get(head.org) !== head.hash);
      await appendAnchors(file, secretKey, moved);
      for (const head of moved) written.set(head.org, head.hash);
    } catch (error) {
      log.error({ err: error, file }, 'the audit anchors could not be written; they come again');
    }
  };
  const writing = every(everyMs, write);
  return {
    async [Symbol.asyncDispose]() {
      await writing[Symbol.asyncDispose]();
      await write();
    },
  };
}
