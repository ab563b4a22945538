import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anchorFile, appendAnchors, readAnchors, startAnchors } from '../../src/audit-anchors.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { receiptJson, receiptSchema } from '../../src/http/receipt-json.ts';
import type { GivenReceipt } from '../../src/verify-receipt.ts';
import { createWorld, type World } from '../support/world.ts';

// The commands as their own processes, on a database where people asked for access and gave it back.

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const secretKey = Buffer.alloc(32, 7);
let world: World;
let folder: string;
let anchors: string;
let lived: RequestId;

beforeEach(async () => {
  world = await createWorld();
  folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-audit-'));
  anchors = anchorFile(folder);
  lived = await liveThrough();
  await world.work.seal();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Bob asks, alice approves, the target is touched, and bob gives it back. */
async function liveThrough(): Promise<RequestId> {
  const [alice, bob] = await Promise.all([world.caller('alice'), world.caller('bob')]);
  const duration = parseDuration('60s');
  if (duration === undefined) throw new Error('60s is no duration');
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const asked = await world.useCases.submitRequest(bob, {
    right,
    reason: 'look at “orders” — übermorgen',
    duration,
    to: undefined,
  });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { id } = asked.value.request;
  expect(await world.useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest: undefined })).toMatchObject({
    ok: true,
  });
  await world.reconcile();
  expect(await world.useCases.relinquishGrant(bob, id)).toMatchObject({ ok: true });
  await world.reconcile();
  return id;
}

/** Runs `audit …` to its end. */
function audit(args: readonly string[], more: Record<string, string> = { DATABASE_URL: world.database.url }) {
  const env = {
    PATH: process.env['PATH'],
    CURFEW_DATA_DIR: folder,
    CURFEW_SECRET_KEY: secretKey.toString('base64'),
    CURFEW_SLACK: 'local',
    SAMPLE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/y',
    LOG_LEVEL: 'silent',
    ...more,
  };
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [cli, 'audit', ...args], { cwd: folder, env });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

const anchor = async () => appendAnchors(anchors, secretKey, await world.store.audit.heads());
const free = 'alter table audit disable trigger user; alter table audit_chain disable trigger user;';
const parseLines = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('audit export', () => {
  it('writes every event as JSON Lines, which can be verified without the database', async () => {
    const { code, out } = await audit(['export']);
    expect(code).toBe(0);
    const events = parseLines(out);
    const inDatabase = await world.audit();
    expect(inDatabase.length).toBeGreaterThan(4);
    expect(events.map(({ action, actor, data }) => ({ action, actor, data }))).toEqual(inDatabase);
    expect(events.map(({ seq }) => seq)).toEqual(inDatabase.map((_, index) => index + 1));

    const file = path.join(folder, 'export.jsonl');
    writeFileSync(file, out);
    expect(await audit(['verify', '--file', file])).toMatchObject({ code: 0 });
    await anchor();
    expect((await audit(['verify', '--file', file, '--anchors', anchors])).out).toContain('compared with 1 anchors');
    writeFileSync(file, out.trimEnd().split('\n').slice(0, -1).join('\n'));
    expect((await audit(['verify', '--file', file])).out).toContain('no anchors');
    expect((await audit(['verify', '--file', file, '--anchors', anchors])).err).toContain('its tail is missing');
    writeFileSync(file, out.replace('übermorgen', 'gestern'));
    const changed = await audit(['verify', '--file', file]);
    expect(changed).toMatchObject({ code: 1, out: '' });
    expect(changed.err).toMatch(/seq \d+, id \d+: its hash does not fit/);
  });

  it('writes every event as a CloudEvent, and begins where it is told to', async () => {
    const { code, out } = await audit(['export', '--format', 'cloudevents', '--from', '2']);
    expect(code).toBe(0);
    const inDatabase = await world.audit();
    const events = parseLines(out);
    expect(events.map(({ type }) => type)).toEqual(inDatabase.slice(1).map(({ action }) => `curfew.${action}.v1`));
    expect(events[0]).toMatchObject({ specversion: '1.0', source: '/o/demo', curfewseq: '2', datacontenttype: 'application/json' });
    expect(events.map(({ data }) => data)).toMatchObject(inDatabase.slice(1).map(({ actor, data }) => ({ actor, data })));
  });

  it("writes every event in P0's envelope, under P0's name where there is one", async () => {
    const alice = await world.caller('alice');
    const change = await world.useCases.settings.setDefaultApprovals(alice, { allowOneParty: false, requireReason: true }, 'any');
    const option = await world.useCases.settings.addOption(alice, { time: 2, unit: 'h' }, 'any');
    const policy = { name: 'own', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'deny' }] } as const;
    const created = await world.useCases.policies.create(alice, 'own', policy);
    const removed = await world.useCases.policies.remove(alice, 'own', 'any');
    expect([change.ok, option.ok, created.ok, removed.ok]).toEqual([true, true, true, true]);
    await world.work.seal();
    const { code, out } = await audit(['export', '--format', 'p0']);
    expect(code).toBe(0);
    const inDatabase = await world.audit();
    const events = parseLines(out);
    expect(events.map(({ curfew }) => curfew)).toMatchObject(
      inDatabase.map(({ action, actor }, index) => ({ seq: index + 1, action, actor })),
    );
    expect(events.slice(-4)).toMatchObject([
      {
        type: 'api',
        action: 'admin.jit.approval-configuration.updated',
        data: { '-': { requireReason: false }, '+': { requireReason: true } },
      },
      { type: 'api', action: 'admin.jit.expiry-option.created', data: { '-': [], '+': [{ time: 2, unit: 'h', value: '2 hours' }] } },
      { type: 'api', action: 'admin.routing-rules.created', data: { name: 'own', '-': {}, '+': policy } },
      { type: 'api', action: 'admin.routing-rules.deleted', data: { name: 'own', '-': policy, '+': {} } },
    ]);
    expect(events[0]).toMatchObject({
      vendor_account: 'demo',
      timestamp: expect.stringMatching(/T\d\d:\d\d:\d\d\.\d{3}Z$/),
      type: 'permission-requests',
      action: 'curfew.request.submitted',
      user: { email: 'bob@example.com', provider: 'slack', isAnonymous: false },
      data: inDatabase[0]?.data,
    });
  });

  it.each([
    [['export', '--from', '0'], '--from'],
    [['export', '--format', 'xml'], '--format'],
    [['export', '--colour'], '--colour'],
    [['verify', '--anchors', 'not-there'], 'not-there'],
    [['verify', '--file', 'not-there'], 'not-there'],
    [['verify', '--receipt', 'not-there'], '--file'],
    [['verify', '--file', 'any', '--receipt', 'not-there'], 'not-there'],
  ])('refuses %j', async (args, named) => {
    const { code, out, err } = await audit(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(named);
    expect(err).not.toContain('    at ');
  });

  it('says what to do without DATABASE_URL', async () => {
    for (const word of ['export', 'verify']) {
      const { code, err } = await audit([word], {});
      expect(code).toBe(1);
      expect(err).toContain('DATABASE_URL is not set. Give the address');
    }
  });
});

describe('audit verify', () => {
  it('holds, and says plainly how many anchors it was compared with', async () => {
    const count = (await world.audit()).length;
    expect((await audit(['verify'])).out).toBe(
      `The audit log holds: ${count} sealed events, compared with no anchors, because there were none.\n`,
    );
    await anchor();
    expect(await audit(['verify'])).toEqual({
      code: 0,
      out: `The audit log holds: ${count} sealed events, compared with 1 anchors.\n`,
      err: '',
    });
  });

  it('names the event that was changed', async () => {
    await world.pool.query(
      `${free} update audit set data = data || '{"reason":"x"}' where id = (select event_id from audit_chain where seq = 3)`,
    );
    const { code, out, err } = await audit(['verify']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^The audit log of demo is broken at seq 3, id \d+: its hash does not fit/);
  });

  it('names the first event that is gone where the tail was cut off, its head too', async () => {
    await anchor();
    await world.pool.query(`${free} delete from audit_chain where seq > 3;
      update audit_heads set seq = 3, hash = (select hash from audit_chain where seq = 3);
      delete from audit where id not in (select event_id from audit_chain)`);
    const { code, err } = await audit(['verify']);
    expect(code).toBe(1);
    expect(err).toContain('broken at seq 4: the chain ends at 3, but an anchor knows event');
    rmSync(anchors);
    expect(await audit(['verify'])).toMatchObject({ code: 0 });
  });

  it('names the first anchor that was changed, wherever the file is', async () => {
    await anchor();
    await anchor();
    const lines = parseLines(readFileSync(anchors, 'utf8'));
    const elsewhere = path.join(folder, 'copy.jsonl');
    writeFileSync(elsewhere, lines.map((line, index) => `${JSON.stringify(index === 1 ? { ...line, seq: 2 } : line)}\n`).join(''));
    const { code, err } = await audit(['verify', '--anchors', elsewhere]);
    expect(code).toBe(1);
    expect(err).toContain('broken at line 2');
    expect((await readAnchors(anchors, Buffer.alloc(32, 8))).broken?.line).toBe(1);
  });
});

describe('a receipt', () => {
  /** As the API gives it to somebody. */
  async function receiptFor(name: string, id = lived): Promise<GivenReceipt> {
    const made = await world.useCases.history.receipt(await world.caller(name), id);
    if (!made.ok) throw new Error(made.rejection.code);
    return receiptSchema.parse(JSON.parse(JSON.stringify(receiptJson(made.value))));
  }
  const exported = async () => {
    const file = path.join(folder, 'export.jsonl');
    writeFileSync(file, (await audit(['export'])).out);
    return file;
  };
  /** Without any database. */
  const verify = (file: string, receipt: unknown, more: readonly string[] = []) => {
    const at = path.join(folder, 'receipt.json');
    writeFileSync(at, typeof receipt === 'string' ? receipt : JSON.stringify(receipt));
    return audit(['verify', '--file', file, '--receipt', at, ...more], {});
  };

  it('holds against an export, whoever it was made out for, without a database', async () => {
    const file = await exported();
    await anchor();
    for (const name of ['alice', 'bob']) {
      const { code, out, err } = await verify(file, await receiptFor(name), ['--anchors', anchors]);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain(`The receipt of ${lived} holds: its 5 events, and what they say.`);
    }
    // What came later is no matter.
    const receipt = await receiptFor('alice');
    await liveThrough();
    await world.work.seal();
    expect((await verify(await exported(), receipt)).code).toBe(0);
  });

  it.each<[string, (receipt: GivenReceipt) => object, string]>([
    ['a shorter lateness', (receipt) => ({ latenessMs: receipt.latenessMs + 1 }), 'its latenessMs is not what the log says'],
    ['another moment', () => ({ observedGoneAt: '2026-01-01T00:00:00.000Z' }), 'its observedGoneAt'],
    ['another end', (receipt) => ({ end: { ...receipt.end, kind: 'expired' } }), 'its end.kind'],
    ['another right', (receipt) => ({ right: { ...receipt.right, resource: 'readwrite' } }), 'its right.resource'],
    ['another person', () => ({ principal: 'mallory@example.com' }), 'its principal'],
    [
      'another approver',
      (receipt) => ({ agreed: receipt.agreed.map((each) => ({ ...each, by: { kind: 'policy', name: 'x' } })) }),
      'its agreed',
    ],
    ['fewer approvers', () => ({ agreed: [] }), 'its agreed'],
    ['sessions that were not ended', () => ({ sessionsEnded: 7 }), 'its sessionsEnded'],
    [
      'a target that said something else',
      () => ({ targetSaid: { given: { member: false }, gone: { member: true } } }),
      'its targetSaid.given',
    ],
    ['no events', ({ proof }) => ({ proof: { ...proof, events: [] } }), 'it names no events'],
    [
      'an event left out',
      ({ proof }) => ({ proof: { ...proof, events: proof.events.filter(({ action }) => action !== 'grant.relinquished') } }),
      'it leaves out event 4 (grant.relinquished)',
    ],
    [
      'an event changed',
      ({ proof }) => ({ proof: { ...proof, events: proof.events.map((each) => ({ ...each, hash: 'ab'.repeat(32) })) } }),
      'event 1 of the log is another one',
    ],
    [
      'an event beyond the log',
      ({ proof }) => ({ proof: { ...proof, events: [...proof.events, { ...proof.events[0], seq: 99 }] } }),
      'it names event 99, and the export ends at',
    ],
    [
      'an event that is not sealed',
      ({ proof }) => ({ proof: { isSealed: false, events: proof.events.map((each) => ({ ...each, seq: null, hash: null })) } }),
      'it was made out before request.submitted was sealed',
    ],
  ])('with %s does not hold', async (_what, change, why) => {
    const receipt = await receiptFor('alice');
    const { code, out, err } = await verify(await exported(), { ...receipt, ...change(receipt) });
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/^The audit log holds: [^\n]+\n$/) });
    expect(err).toContain(`The receipt of ${lived} does not hold: ${why}`);
  });

  it('is not believed of another request, nor of another log, nor of one that is broken', async () => {
    const receipt = await receiptFor('alice');
    const file = await exported();
    const other = '01938a00-0000-7000-8000-00000000ffff';
    expect((await verify(file, { ...receipt, requestId: other })).err).toContain('event 1 of the log is not about its request');
    expect((await verify(file, { ...receipt, org: 'elsewhere' })).err).toContain('The receipt is of elsewhere, and not of demo');
    for (const none of ['{}', 'no json', '[]']) expect((await verify(file, none)).err).toContain('is no receipt as the API gives it');
    // Whoever rewrites both finds the chain in the way.
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"latenessMs":\d+/, '"latenessMs":0'));
    const { code, err } = await verify(file, { ...receipt, latenessMs: 0 });
    expect(code).toBe(1);
    expect(err).toMatch(/^The audit log of demo is broken at seq \d+/);
  });
});

describe('anchors', () => {
  it('are written once per head, at the start and at the end, and a line cut off spoils none', async () => {
    const heads = () => world.store.audit.heads();
    const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
    appendFileSync(anchors, '{"org":"de');
    const running = startAnchors({ file: anchors, secretKey, heads, log: quiet });
    await expect.poll(async () => (await readAnchors(anchors, secretKey)).anchors.length).toBe(1);
    await world.store.recordRefusal({ kind: 'system' }, (await world.caller('bob')).org, {
      attempt: 'x',
      code: 'not-found',
      request: undefined,
    });
    await world.work.seal();
    await running[Symbol.asyncDispose]();
    const reading = await readAnchors(anchors, secretKey);
    expect(reading).toMatchObject({ cutOff: 1, broken: undefined });
    expect(reading.anchors.at(-1)).toEqual((await heads())[0]);
    expect(reading.anchors).toHaveLength(2);
    expect((await audit(['verify'])).out).toContain('compared with 2 anchors (1 cut-off lines passed over)');
  });

  it('that cannot be written are logged, and stop nothing', async () => {
    const errors: string[] = [];
    const log = { info: () => undefined, warn: () => undefined, error: (_: object, message: string) => void errors.push(message) };
    writeFileSync(path.join(folder, 'a-file'), '');
    const file = anchorFile(path.join(folder, 'a-file'));
    await startAnchors({ file, secretKey, heads: () => world.store.audit.heads(), log })[Symbol.asyncDispose]();
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain('they come again');
  });
});
