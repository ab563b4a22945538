import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SealedEvent } from '../../src/app/audit-store.ts';
import type { Draft } from '../../src/app/use-cases.ts';
import { type PermissionRequest, wireStatus } from '../../src/domain/request.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { receiptSchema } from '../../src/http/receipt-json.ts';
import { requestDetailSchema } from '../../src/http/request-detail-schema.ts';
import { readChain, verifyChain } from '../../src/store/audit-verify.ts';
import { type GivenReceipt, whatDiffers } from '../../src/verify-receipt.ts';
import { must, worldApp } from '../support/http-app.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
beforeEach(async () => {
  world = await createWorld();
  app = await worldApp(world, world.useCases);
});
afterEach(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

const get = async (who: string, path: string) =>
  app.inject({ method: 'GET', url: `/o/demo/permission-requests/${path}`, headers: { authorization: `Bearer ${who}` } });

/** Every member of it is in the document. */
async function receiptFor(who: string, id: string) {
  const answer = await get(who, `${id}/receipt`);
  expect(answer.statusCode, answer.body).toBe(200);
  const receipt = receiptSchema.parse(answer.json());
  expect(receipt).toEqual(answer.json());
  return receipt;
}

const detailFor = async (who: string, id: string) => requestDetailSchema.parse((await get(who, id)).json());

async function give(who = 'bob'): Promise<PermissionRequest> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const draft = { right, reason: 'look at orders', duration: parseDuration('1h'), to: undefined };
  const asked = await world.useCases.submitRequest(await world.caller(who), draft);
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { request } = asked.value;
  const verdict = { kind: 'approve', duration: parseDuration('30m'), digest: undefined } as const;
  expect(await world.useCases.decideRequest(await world.caller('carol'), request.id, verdict)).toMatchObject({ ok: true });
  await world.reconcile();
  return request;
}

async function revoke(request: PermissionRequest): Promise<void> {
  expect(await world.useCases.revokeGrant(await world.caller('carol'), request.id, 'left the team')).toMatchObject({ ok: true });
  await world.reconcile();
}

it('is made out once access was seen to be gone, and proved by events that an export holds', async () => {
  const request = await give();
  const early = await get('bob', `${request.id}/receipt`);
  expect([early.statusCode, early.json()]).toMatchObject([400, { type: 'urn:curfew:problem:no-receipt' }]);
  await revoke(request);
  expect((await receiptFor('carol', request.id)).proof).toMatchObject({ isSealed: false });
  await world.work.seal();

  const receipt = await receiptFor('carol', request.id);
  expect(receipt).toMatchObject({
    org: 'demo',
    requestId: request.id,
    principal: 'bob@example.com',
    right: { integration: 'sample', accessType: 'role', resource: 'readonly', account: 'bob' },
    agreed: [{ by: { kind: 'person', email: 'carol@example.com' }, seconds: 1800, policies: ['Default approvals'], policyVersion: '0' }],
    end: { kind: 'revoked', by: 'carol@example.com', reason: 'left the team' },
    sessionsEnded: 1,
    targetSaid: {
      given: { account: 'bob', role: 'readonly', member: true },
      gone: { account: 'bob', role: 'readonly', member: false },
    },
    proof: { isSealed: true },
  });
  expect(receipt.sessionsMayGoOn).toBeUndefined();
  expect(Math.abs(Date.parse(receipt.observedGoneAt) - Date.parse(receipt.end.at) - receipt.latenessMs)).toBeLessThanOrEqual(1);

  const exported: SealedEvent[] = [];
  for await (const event of readChain(world.db, org, 1)) exported.push(event);
  expect((await verifyChain(org, exported)).flaw).toBeUndefined();
  expect(receipt.proof.events.map(({ action }) => action)).toEqual([
    'request.submitted',
    'request.approved',
    'grant.activated',
    'grant.revoked',
    'grant.ended',
  ]);
  const proved = receipt.proof.events.map(({ seq }) => must(exported.find((event) => event.seq === seq)));
  for (const [index, event] of proved.entries())
    expect(event).toMatchObject({
      hash: receipt.proof.events[index]?.hash,
      action: receipt.proof.events[index]?.action,
      request: request.id,
    });
  expect(proved.at(-1)?.data).toMatchObject({
    latenessMs: receipt.latenessMs,
    targetSaid: receipt.targetSaid?.gone,
    sessionsEnded: 1,
    sessionsMayGoOn: false,
  });
  expect(proved[2]?.data).toMatchObject({ targetSaid: receipt.targetSaid?.given });
  // Whoever writes the chain anew with another lateness does not have these hashes.
  const changed = exported.map((event) => (event.action === 'grant.ended' ? { ...event, data: { latenessMs: 0 } } : event));
  expect((await verifyChain(org, changed)).flaw?.seq).toBe(receipt.proof.events.at(-1)?.seq);
});

it("goes to whoever may read the request, and the target's own words to those who read the audit log", async () => {
  const request = await give();
  await revoke(request);
  const own = await receiptFor('bob', request.id);
  expect([own.targetSaid, own.principal, own.proof.events.length]).toEqual([undefined, 'bob@example.com', 5]);
  expect((await detailFor('bob', request.id)).evidence?.targetSaid).toBeUndefined();
  expect((await detailFor('carol', request.id)).evidence?.targetSaid).toMatchObject({ gone: { member: false } });
  expect((await receiptFor('alice', request.id)).targetSaid).toMatchObject({ gone: { member: false } });
  for (const path of [`${request.id}/receipt`, 'nope/receipt', '01938a00-0000-7000-8000-00000000ffff/receipt'])
    expect((await get('dave', path)).statusCode).toBe(404);
});

describe('holds against the log', () => {
  const ask = async (who: string, more: Partial<Draft> = {}): Promise<PermissionRequest> => {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    const draft = { right, reason: 'look', duration: parseDuration('1h'), to: undefined, ...more };
    const asked = await world.useCases.submitRequest(await world.caller(who), draft);
    if (!asked.ok) throw new Error(JSON.stringify(asked.rejection));
    return asked.value.request;
  };
  const approve = async ({ id }: PermissionRequest, who = 'carol') => {
    const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
    expect(await world.useCases.decideRequest(await world.caller(who), id, verdict)).toMatchObject({ ok: true });
    await world.reconcile();
  };
  const policy = async (approval: object) => {
    const document = { name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [approval] };
    await world.pool.query(`delete from policies`);
    await world.pool.query(`insert into policies (org, name, document) values ('demo', 'one', $1)`, [document]);
  };

  const lives: Record<string, () => Promise<PermissionRequest>> = {
    'of access that expired': async () => {
      const request = await give();
      await world.passTime('31 minutes');
      await world.reconcile();
      return request;
    },
    'of what somebody else asked for, and nobody ever saw': async () => {
      const request = await ask('bob', { to: 'erin@example.com' });
      world.target.faults.push({ kind: 'refused', permanent: false });
      await approve(request);
      await revoke(request);
      return request;
    },
    'of what was taken back before it was given': async () => {
      const request = await ask('bob');
      const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
      await world.useCases.decideRequest(await world.caller('carol'), request.id, verdict);
      await revoke(request);
      return request;
    },
    'of what two people agreed to, for less than was asked for': async () => {
      await policy({ type: 'p0', options: { requiredApprovals: 2 } });
      const request = await ask('bob', { right: { service: 'pg', accessType: 'role', resource: 'readwrite', integration: undefined } });
      await approve(request, 'alice');
      expect(await world.useCases.narrowRequest(await world.caller('carol'), request.id, 'readonly')).toMatchObject({ ok: true });
      await approve(request, 'alice');
      await approve(request, 'carol');
      await revoke(request);
      return request;
    },
    'of what was taken at once, and taken away by a panic': async () => {
      await policy({ type: 'p0', options: { breakGlass: {} } });
      const request = await ask('bob', { breakGlass: true });
      await world.reconcile();
      const wish = { selection: { kind: 'everything' }, reason: 'broken into', hold: false } as const;
      expect(await world.useCases.panics.start(await world.caller('carol'), wish)).toMatchObject({ ok: true });
      await world.reconcile();
      return request;
    },
    'of standing access with hours': async () => {
      await policy({ type: 'persistent' });
      const request = await ask('bob', { window: 'daily 00:00-23:59 UTC', duration: undefined });
      await world.reconcile();
      await revoke(request);
      return request;
    },
    'of access that was extended, and of the extension': async () => {
      const request = await give();
      const more = await world.useCases.extendRequest(await world.caller('bob'), request.id, {
        duration: must(parseDuration('1h')),
        reason: 'more',
      });
      if (!more.ok) throw new Error(more.rejection.code);
      await approve(more.value);
      await revoke(more.value);
      await world.work.seal();
      expect(await differs(await receiptFor('carol', more.value.id))).toBeUndefined();
      return request;
    },
    'of what somebody else took away at the target': async () => {
      world.target.watch = { everySeconds: 300, response: 'adopt' };
      const request = await give();
      world.target.held.clear();
      await world.pool.query(`update target_rounds set due_at = now()`);
      await world.work.watchDrift();
      await world.reconcile();
      return request;
    },
    'of what was there before': async () => {
      world.target.held.add('bob:readonly');
      const request = await give();
      await revoke(request);
      return request;
    },
  };
  const differs = async (receipt: GivenReceipt) => {
    const events: SealedEvent[] = [];
    for await (const event of readChain(world.db, org, 1)) events.push(event);
    return whatDiffers(
      receipt,
      events.filter((event) => event.request === receipt.requestId),
      events.length,
    );
  };

  it.each(Object.entries(lives))('%s', async (_, live) => {
    const { id } = await live();
    await world.work.seal();
    for (const who of ['bob', 'carol']) expect(await differs(await receiptFor(who, id))).toBeUndefined();
    const receipt = await receiptFor('carol', id);
    expect(await differs({ ...receipt, latenessMs: receipt.latenessMs + 2 })).toBe('its latenessMs is not what the log says');
  });
});

it('says that open sessions may go on where the target ends none', async () => {
  world.target.capabilities = { ...world.target.capabilities, endsSessions: false };
  const request = await give();
  await revoke(request);
  await world.work.seal();
  expect(await receiptFor('carol', request.id)).toMatchObject({ sessionsEnded: 0, sessionsMayGoOn: true });
  expect((await detailFor('bob', request.id)).evidence).toMatchObject({ sessionsEnded: 0, sessionsMayGoOn: true });
  expect((await world.audit()).findLast(({ action }) => action === 'grant.ended')?.data).toMatchObject({ sessionsMayGoOn: true });
  // It stays so, whatever the integration can do later.
  world.target.capabilities = { ...world.target.capabilities, endsSessions: true };
  expect((await detailFor('bob', request.id)).evidence).toMatchObject({ sessionsMayGoOn: true });
});

it('says why the right is still there, and that nothing about sessions is in doubt then', async () => {
  world.target.capabilities = { ...world.target.capabilities, endsSessions: false };
  const first = await give();
  const second = await give();
  await revoke(first);
  const receipt = await receiptFor('carol', first.id);
  expect(receipt).toMatchObject({ leftInPlace: 'another-grant', targetSaid: { gone: { member: true } } });
  expect(receipt.sessionsMayGoOn).toBeUndefined();
  await revoke(second);
  expect(await receiptFor('carol', second.id)).toMatchObject({ sessionsMayGoOn: true });

  // What was there before us was never touched.
  world.target.held.add('erin:readonly');
  const before = await give('erin');
  await revoke(before);
  const untouched = await receiptFor('carol', before.id);
  expect([untouched.leftInPlace, untouched.sessionsMayGoOn, untouched.targetSaid]).toEqual(['pre-existing', undefined, undefined]);
});

describe('where nobody called the target for the end', () => {
  const agreed = async () => {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    const asked = await world.useCases.submitRequest(await world.caller('bob'), {
      right,
      reason: 'x',
      duration: parseDuration('1h'),
      to: undefined,
    });
    if (!asked.ok) throw new Error(asked.rejection.code);
    const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
    expect(await world.useCases.decideRequest(await world.caller('carol'), asked.value.request.id, verdict)).toMatchObject({ ok: true });
    return asked.value.request;
  };

  it('says so, and does not pass for a removal', async () => {
    const request = await agreed();
    await revoke(request);
    await world.work.seal();
    expect(world.target.calls).toEqual([]);
    expect(await receiptFor('carol', request.id)).toMatchObject({ untouched: true, sessionsEnded: 0 });
    expect((await detailFor('bob', request.id)).evidence).toMatchObject({ untouched: true });
    const ended = (await detailFor('bob', request.id)).timeline.at(-1);
    expect(ended).toMatchObject({ action: 'grant.ended', what: 'Ended; there was nothing of it to take away at the target' });
    const report = await app.inject({ method: 'GET', url: '/o/demo/reports/lateness', headers: { authorization: 'Bearer carol' } });
    expect(report.json().integrations).toEqual([]);
    const vitals = { vitals: () => world.store.vitals(), queueReachable: async () => true, slackReady: () => true };
    const { text } = await world.metrics.read({ ...vitals, clockSkewSeconds: () => 0, waiting: () => ({}) });
    expect(text).not.toContain('curfew_removal_lateness_seconds_count{');
  });

  it('is never said where it was called', async () => {
    const request = await agreed();
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.reconcile();
    await revoke(request);
    const receipt = await receiptFor('carol', request.id);
    expect([receipt.grantedAt, receipt.untouched, receipt.targetSaid?.gone]).toMatchObject([undefined, undefined, { member: false }]);
  });
});

it('counts in the report of how late access was taken away', async () => {
  const report = (who: string, query = '') =>
    app.inject({ method: 'GET', url: `/o/demo/reports/lateness${query}`, headers: { authorization: `Bearer ${who}` } });
  expect((await report('carol')).json()).toMatchObject({ integrations: [] });
  const [first, second, third] = [await give('bob'), await give('erin'), await give('bob')];
  await revoke(first);
  await revoke(second);
  await revoke(third);
  const late = async (request: PermissionRequest, ms: number) =>
    world.pool.query(`update grants set gone_at = end_at + $2 * interval '1 millisecond' where request_id = $1`, [request.id, ms]);
  // The first was left to the third, and so was nobody's removal.
  await late(first, 9_000);
  await late(second, 400);
  await late(third, 20);
  // What has not happened yet is not in it.
  await world.passTime('1 minute');
  const answer = await report('carol');
  expect(answer.json().integrations).toEqual([{ integration: 'sample', ended: 2, p50Ms: 20, p99Ms: 400, maxMs: 400 }]);
  expect(Date.parse(answer.json().until) - Date.parse(answer.json().since)).toBe(7 * 86_400_000);
  expect((await report('bob')).statusCode).toBe(403);
  for (const query of ['?days=0', '?days=91', '?days=x', '?days=1.5']) expect((await report('carol', query)).statusCode).toBe(400);
  await world.passTime('2 days');
  expect((await report('carol', '?days=1')).json().integrations).toEqual([]);
  expect((await report('carol', '?days=3')).json().integrations).toMatchObject([{ ended: 2 }]);
});

it('is recorded however odd the words of the target are', async () => {
  world.target.says = () => ({ odd: 'a\0b\ud800\u202e', long: 'x'.repeat(10_000), none: Number.NaN });
  const request = await give();
  await revoke(request);
  const found = await world.store.request(org, request.id);
  expect(found && wireStatus(found.state)).toBe('REVOKED');
  const { targetSaid } = await receiptFor('carol', request.id);
  expect(targetSaid?.gone).toEqual({ odd: 'a\ufffdb\ufffd\ufffd', long: `${'x'.repeat(99)}…`, none: null });
});
