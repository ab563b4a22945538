import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RequestId } from '../../src/domain/ids.ts';
import { receiptJson, receiptSchema } from '../../src/http/receipt-json.ts';
import type { GivenReceipt } from '../../src/verify-receipt.ts';
import { auditCommands, liveThrough } from '../support/audit-cli.ts';
import { must } from '../support/extensions.ts';
import { org, type World } from '../support/world.ts';

const { place, audit, anchor } = auditCommands();
let world: World;
let folder: string;
let anchors: string;
let lived: RequestId;
beforeEach(() => void ({ world, folder, anchors, lived } = place()));

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
    await liveThrough(world);
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

  it('of standing access that somebody else kept holds, whoever kept it', async () => {
    const [bob, carol] = await Promise.all([world.caller('bob'), world.caller('carol')]);
    await world.store.transaction(async (tx) => {
      const policy = {
        name: 'standing',
        requestor: { type: 'any' },
        resource: { type: 'any' },
        approval: [{ type: 'persistent' }],
      } as const;
      await tx.policyBook.change({ kind: 'system' }, org, [{ name: 'standing', policy }], false);
    });
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    const asked = must(await world.useCases.submitRequest(bob, { right, reason: undefined, duration: undefined, to: undefined }));
    await world.reconcile();
    await world.passTime('23 hours');
    const kept = must(await world.useCases.standingAccess.keep(carol, asked.request.id));
    await world.reconcile();
    must(await world.useCases.relinquishGrant(bob, kept.id));
    await world.reconcile();
    await world.work.seal();
    const receipt = await receiptFor('bob', kept.id);
    expect(receipt).toMatchObject({ requestor: 'bob@example.com', principal: 'bob@example.com' });
    const file = await exported();
    expect(await verify(file, receipt)).toMatchObject({ code: 0, err: '' });
    expect((await verify(file, { ...receipt, requestor: 'carol@example.com' })).err).toContain('its requestor is not what the log says');
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
