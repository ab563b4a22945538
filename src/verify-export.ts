import { createReadStream } from 'node:fs';
import { z } from 'zod';
import type { AuditHead, SealedEvent } from './app/audit-store.ts';
import { type Flaw, verifyChain } from './store/audit-verify.ts';

const exported = z.strictObject({
  seq: z.int(),
  id: z.int(),
  org: z.string(),
  time: z.string(),
  action: z.string(),
  actor: z.unknown(),
  request: z.string().nullable(),
  grant: z.string().nullable(),
  data: z.unknown(),
  hash: z.string(),
});

/**
 * Walks the chain in a file of `audit export`, which begins with the first event.
 * @param anchors  of this organisation or of all
 * @param found  is told of each event
 * @throws where the file cannot be read
 */
export async function verifyExport(
  org: string,
  file: string,
  anchors: readonly AuditHead[],
  found: (event: SealedEvent) => void = () => undefined,
): Promise<{ readonly head: AuditHead; readonly flaw: Flaw | undefined }> {
  let bad: number | undefined;
  async function* events(): AsyncGenerator<SealedEvent> {
    let number = 0;
    for await (const line of readLines(file)) {
      number += 1;
      const event = parseLine(line);
      if (event === undefined) {
        bad = number;
        return;
      }
      found(event);
      yield event;
    }
  }
  const own = anchors.filter((each) => each.org === org);
  const { head, flaw } = await verifyChain(org, events(), own);
  if (bad === undefined) return { head, flaw };
  return { head, flaw: { org, seq: head.seq + 1, id: undefined, what: `line ${bad} is not as it was exported` } };
}

/**
 * Only what is to the letter as the export writes it: a member that stands there twice, or one more, would be passed over
 * here and perhaps believed by somebody else.
 */
function parseLine(line: string): SealedEvent | undefined {
  try {
    const json: unknown = JSON.parse(line);
    const { success, data: event } = exported.safeParse(json);
    if (!success || JSON.stringify(json) !== line) return undefined;
    const { actor, data, ...rest } = event;
    return { ...rest, actor, data };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Ended by a line feed only: what Node takes for the end of a line besides may stand in what people wrote. */
async function* readLines(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(file, { encoding: 'utf8' })) {
    const lines = `${rest}${String(piece)}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
