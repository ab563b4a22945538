import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { anchorFile, readAnchors, startAnchors } from '../../src/audit-anchors.ts';
import { auditCommands, secretKey } from '../support/audit-cli.ts';
import type { World } from '../support/world.ts';

const { place, audit, anchor } = auditCommands();
let world: World;
let folder: string;
let anchors: string;
beforeEach(() => void ({ world, folder, anchors } = place()));

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
