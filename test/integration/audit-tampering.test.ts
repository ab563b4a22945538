import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditHead, SealedEvent } from '../../src/app/audit-store.ts';
import { hashEvent } from '../../src/store/audit-event.ts';
import { readChain, verifyDatabase } from '../../src/store/audit-verify.ts';
import { verifyExport } from '../../src/verify-export.ts';
import { createWorld, org, type World } from '../support/world.ts';

// Whatever is done to an export or to the rows of the log is found. All ten thousand of each: TAMPERINGS=10000.

const given = process.env['TAMPERINGS'];
const fileRuns = Number(given ?? 1_000);
const tableRuns = Number(given ?? 150);
const count = 24;
let world: World;
let folder: string;
let lines: readonly string[];
let anchors: readonly AuditHead[];

beforeAll(async () => {
  world = await createWorld();
  folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-tampering-'));
  const caller = await world.caller('bob');
  for (let n = 0; n < count; n += 1)
    await world.store.recordRefusal({ kind: 'person', id: caller.person.id, email: caller.person.email, via: 'slack' }, org, {
      attempt: `look\u2028at „${n}“ \\ "7" ${'x'.repeat(n)}`,
      code: 'not-found',
      request: undefined,
    });
  await world.work.seal();
  const events: SealedEvent[] = [];
  for await (const event of readChain(world.db, org, 1)) events.push(event);
  lines = events.map((event) => JSON.stringify(event));
  anchors = await world.store.audit.heads();
  // Two that wait while it is verified.
  for (const attempt of ['later', 'last'])
    await world.store.recordRefusal({ kind: 'system' }, org, { attempt, code: 'not-found', request: undefined });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const flawOf = async (text: string | Buffer) => {
  const file = path.join(folder, 'export.jsonl');
  writeFileSync(file, text);
  return (await verifyExport(org, file, anchors)).flaw;
};
const written = (some: readonly string[]): string => some.map((line) => `${line}\n`).join('');
const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing is there');
  return item;
};
const without = (index: number): string[] => lines.filter((_, n) => n !== index);
const put = (index: number, line: string): string[] => lines.map((old, n) => (n === index ? line : old));
/** The chain as somebody would make it who can hash, but not sign: changed at one place and hashed anew from there for some events. */
function rehash(index: number, howMany: number): string[] {
  const events = lines.map((line) => JSON.parse(line) as SealedEvent);
  let before = index === 0 ? '00'.repeat(32) : at(events, index - 1).hash;
  return events.map((event, n) => {
    if (n < index || n >= index + howMany) return JSON.stringify(event);
    const changed = n === index ? { ...event, data: { nothing: 'happened' } } : event;
    before = hashEvent(before, changed);
    return JSON.stringify({ ...changed, hash: before });
  });
}

/** `where` chooses the line, `which` the place in it. */
const ofFile: Record<string, (where: number, which: number) => string | Buffer> = {
  'a byte': (where, which) => {
    const bytes = Buffer.from(written(lines));
    // The last line feed is nobody's.
    const place = (where * 7_919 + which) % (bytes.length - 1);
    bytes[place] = ((bytes[place] ?? 0) + 1 + (which % 255)) % 256;
    return bytes;
  },
  'bytes that are gone': (where, which) => {
    const bytes = Buffer.from(written(lines));
    const place = (where * 7_919 + which) % (bytes.length - 1);
    return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + (which % 40))]);
  },
  'bytes more': (where, which) => {
    const text = written(lines);
    const place = (where * 7_919 + which) % (text.length - 1);
    return `${text.slice(0, place)}${at([' ', '\n', '\r', '\t', '0', 'x', '\u2028', '"', '{}', '\0'], which)}${text.slice(place)}`;
  },
  'a line that is gone': (where) => written(without(where)),
  'a line twice': (where) => written([...lines.slice(0, where), at(lines, where), ...lines.slice(where)]),
  'lines in another order': (where, which) => {
    const other = (where + 1 + (which % (count - 1))) % count;
    return written(lines.map((line, n) => (n === where ? at(lines, other) : n === other ? at(lines, where) : line)));
  },
  'the end cut off': (where) => written(lines.slice(0, where)),
  'a line cut off': (where, which) => written(lines.slice(0, where)) + at(lines, where).slice(0, which % at(lines, where).length),
  'a member twice': (where, which) => {
    const member = at(['"action":"grant.activated"', '"org":"demo"', '"seq":1', '"actor":{}', '"data":{}'], which);
    return written(put(where, at(lines, where).replace('{', `{${member},`)));
  },
  'a member more': (where, which) => written(put(where, at(lines, where).replace(/\}$/, `,"note":${which}}`))),
  'spelled otherwise': (where, which) => {
    const letters = [...at(lines, where).matchAll(/[a-z]/g)].map(({ index }) => index);
    const place = at(letters, which);
    const line = at(lines, where);
    const code = line.charCodeAt(place).toString(16).padStart(4, '0');
    return written(put(where, `${line.slice(0, place)}\\u${code}${line.slice(place + 1)}`));
  },
  'hashed anew, one': (where) => written(rehash(where, 1)),
  'hashed anew, to the end': (where) => written(rehash(where, count)),
  'of another organisation': (where) => written(put(where, at(lines, where).replace('"org":"demo"', '"org":"else"'))),
};

it('holds as it was exported, whatever people wrote', async () => {
  expect(await flawOf(written(lines))).toBeUndefined();
  expect(await flawOf(written(lines).slice(0, -1))).toBeUndefined();
  expect((await verifyDatabase(world.db, anchors)).flaw).toBeUndefined();
});

const place = fc.tuple(fc.integer({ min: 0, max: count - 1 }), fc.nat(100_000));

it(
  'finds whatever was done to an export',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.entries(ofFile)), place, async ([kind, tamper], [where, which]) => {
        expect(await flawOf(tamper(where, which)), `${kind}, line ${where}, ${which}`).toBeDefined();
      }),
      { numRuns: fileRuns, seed: 23 },
    );
  },
  60_000 + fileRuns * 50,
);

/** What somebody does who may do anything in the database; `$1` is a place in the chain, `$2` any number. */
const ofTables: Record<string, string> = {
  org: `update audit set org = 'else' where id = (select event_id from audit_chain where seq = $1)`,
  time: `update audit set at = at + (1 + $2) * interval '1 microsecond' where id = (select event_id from audit_chain where seq = $1)`,
  action: `update audit set action = action || $2 where id = (select event_id from audit_chain where seq = $1)`,
  actor: `update audit set actor = jsonb_set(actor, '{email}', to_jsonb($2::text)) where id = (select event_id from audit_chain where seq = $1)`,
  data: `update audit set data = data || jsonb_build_object('attempt', $2::text) where id = (select event_id from audit_chain where seq = $1)`,
  'data taken out': `update audit set data = data - 'code' where id = (select event_id from audit_chain where seq = $1)`,
  request: `update audit set request_id = gen_random_uuid() where id = (select event_id from audit_chain where seq = $1)`,
  grant: `update audit set grant_id = gen_random_uuid() where id = (select event_id from audit_chain where seq = $1)`,
  'an event deleted': `delete from audit where id = (select event_id from audit_chain where seq = $1)`,
  'an event taken for another': `update audit_chain set event_id = (select min(event_id) from audit_unsealed) where seq = $1`,
  'an event slipped in': `insert into audit (org, action, actor) values ('demo', 'x' || $2, '{}')`,
  'a link deleted': `delete from audit_chain where seq = $1`,
  'a hash': `update audit_chain set hash = set_byte(hash, $2 % 32, (get_byte(hash, $2 % 32) + 1) % 256) where seq = $1`,
  'a place': `update audit_chain set seq = seq + 1000 where seq = $1`,
  'a link of another': `update audit_chain set org = 'else' where seq = $1`,
  'a link beyond the head': `insert into audit_chain (org, seq, event_id, hash) select 'demo', ${count} + $2 + 1, max(id), '\\x00' from audit`,
  'the end': `delete from audit_chain where seq >= $1`,
  'the head': `update audit_heads set seq = seq - 1 - $2 % ${count}`,
  "the head's hash": `update audit_heads set hash = set_byte(hash, $2 % 32, (get_byte(hash, $2 % 32) + 1) % 256)`,
  'the head deleted': `delete from audit_heads`,
  'sealed again': `insert into audit_unsealed select event_id, org from audit_chain where seq = $1`,
  'a waiting one forgotten': `delete from audit_unsealed where event_id = (select max(event_id) from audit_unsealed)`,
  'a waiting one deleted': `delete from audit where id = (select max(event_id) from audit_unsealed)`,
  'a waiting one moved': `update audit_unsealed set org = 'else'`,
  'the log emptied': `delete from audit_chain; delete from audit_heads; delete from audit_unsealed; delete from audit`,
};

it(
  'finds whatever was done to the tables',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.entries(ofTables)), place, async ([kind, tamper], [where, which]) => {
        const text = tamper.replaceAll('$1', String(where + 1)).replaceAll('$2', /text|\|\|/.test(tamper) ? `'${which}'` : String(which));
        const { flaw } = await world.db
          .transaction()
          .execute(async (tx) => {
            // No triggers and no foreign keys, as for whoever may switch them off; the sealer's is needed by nobody here.
            await sql`set local session_replication_role = replica`.execute(tx);
            await sql.raw(text).execute(tx);
            const found = await verifyDatabase(tx, anchors);
            throw Object.assign(new Error('rolled back'), { found });
          })
          .catch((error: unknown) => {
            if (error instanceof Error && 'found' in error) return error.found as Awaited<ReturnType<typeof verifyDatabase>>;
            throw error;
          });
        expect(flaw, `${kind}, seq ${where + 1}, ${which}`).toBeDefined();
      }),
      { numRuns: tableRuns, seed: 23 },
    );
  },
  60_000 + tableRuns * 200,
);
