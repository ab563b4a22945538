import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { appendAnchors } from '../../src/audit-anchors.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import type { PanicSelection } from '../../src/domain/panic.ts';
import { measureSkewMs } from '../../src/metrics/check-clock.ts';
import { startClockWatch } from '../../src/clock-watch.ts';
import { verifyDatabase } from '../../src/store/audit-verify.ts';
import { verifyIfDue } from '../../src/verify-audit.ts';
import { httpApp } from '../support/http-app.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let alice: Caller;
let bob: Caller;
beforeEach(async () => {
  world = await createWorld();
  [alice, bob] = await Promise.all([world.caller('alice'), world.caller('bob')]);
});
afterEach(() => world[Symbol.asyncDispose]());

async function approve(resource = 'readonly'): Promise<RequestId> {
  const asked = await world.useCases.submitRequest(bob, {
    right: { service: 'pg', accessType: 'role', resource, integration: undefined },
    reason: 'orders',
    duration: 60 as DurationSeconds,
    to: undefined,
  });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { id } = asked.value.request;
  expect(await world.useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest: undefined })).toMatchObject({
    ok: true,
  });
  return id;
}

const figures = async (): Promise<string> =>
  (
    await world.metrics.read({
      vitals: () => world.store.vitals(),
      queueReachable: async () => true,
      slackReady: () => true,
      clockSkewSeconds: () => 0,
      waiting: () => ({}),
    })
  ).text;
/** Of a line of the text, by its name and labels. */
const figure = (text: string, line: string): number | undefined => {
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length));
};

describe('figures', () => {
  it('show how late access was taken away, by integration', async () => {
    await approve();
    await world.reconcile();
    await world.passTime('61 seconds');
    await world.reconcile();
    const text = await figures();
    expect(figure(text, 'curfew_removal_lateness_seconds_count{integration="sample"}')).toBe(1);
    // The minute ended at the start of a second, and another one passed.
    expect(figure(text, 'curfew_removal_lateness_seconds_sum{integration="sample"}')).toBeGreaterThanOrEqual(1);
    expect(figure(text, 'curfew_target_calls_total{integration="sample",wanted="present",outcome="observed"}')).toBe(1);
    expect(figure(text, 'curfew_target_calls_total{integration="sample",wanted="absent",outcome="observed"}')).toBe(1);
    expect(figure(text, 'curfew_database_up')).toBe(1);
  });

  it('count no removal where the right stays for another grant', async () => {
    const id = await approve();
    await approve();
    await world.reconcile();
    expect(await world.useCases.relinquishGrant(bob, id)).toMatchObject({ ok: true });
    await world.reconcile();
    expect(figure(await figures(), 'curfew_removal_lateness_seconds_count{integration="sample"}')).toBeUndefined();
  });

  it('show what is overdue from its first second, whether nobody has tried or all have in vain', async () => {
    await approve();
    await world.reconcile();
    expect(figure(await figures(), 'curfew_overdue_grants{integration="sample"}')).toBeUndefined();
    await world.passTime('70 seconds');
    let text = await figures();
    expect(figure(text, 'curfew_overdue_grants{integration="sample"}')).toBe(1);
    expect(figure(text, 'curfew_overdue_seconds{integration="sample"}')).toBeGreaterThanOrEqual(9);
    expect(figure(text, 'curfew_oldest_due_seconds{lane="take"}')).toBeGreaterThanOrEqual(9);
    world.target.faults.push({ kind: 'lost' });
    await world.work.take();
    text = await figures();
    expect(figure(text, 'curfew_overdue_grants{integration="sample"}')).toBe(1);
    expect(figure(text, 'curfew_ambiguous_rights{integration="sample"}')).toBe(1);
    expect(figure(text, 'curfew_target_calls_total{integration="sample",wanted="absent",outcome="lost"}')).toBe(1);
    await world.passTime('30 seconds');
    await world.reconcile();
    text = await figures();
    expect(figure(text, 'curfew_overdue_grants{integration="sample"}')).toBeUndefined();
    expect(figure(text, 'curfew_ambiguous_rights{integration="sample"}')).toBeUndefined();
  });

  it('show as overdue, too, what may have been left by access that could not be set up', async () => {
    const overdue = async () => {
      const text = await figures();
      return ['grants', 'seconds'].map((what) => figure(text, `curfew_overdue_${what}{integration="sample"}`));
    };
    await approve();
    world.target.faults.push({ kind: 'lost-after' });
    await world.reconcile();
    // It may be there, and is wanted.
    expect(await overdue()).toEqual([undefined, undefined]);
    await world.passTime('11 minutes');
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.reconcile();
    expect((await world.audit()).map(({ action }) => action)).toContain('grant.failed');
    expect([...world.target.held]).toEqual(['bob:readonly']);
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.passTime('40 seconds');
    await world.reconcile();
    const [grants, seconds] = await overdue();
    expect(grants).toBe(1);
    expect(seconds).toBeGreaterThanOrEqual(40);
    await world.passTime('40 seconds');
    await world.reconcile();
    expect([...world.target.held]).toEqual([]);
    expect(await overdue()).toEqual([undefined, undefined]);
  });

  it('show what was approved and is not given, whether nobody has tried or the target says no', async () => {
    const notGiven = async () => {
      const text = await figures();
      return ['grants', 'seconds'].map((name) => figure(text, `curfew_not_given_${name}{integration="sample"}`));
    };
    const id = await approve();
    expect(await notGiven()).toEqual([1, expect.closeTo(0, -1)]);
    await world.pool.query(`alter table requests disable trigger user`);
    await world.pool.query(`update requests set decided_at = decided_at - interval '70 seconds' where id = $1`, [id]);
    const soon = (await notGiven())[1];
    expect(soon).toBeGreaterThanOrEqual(70);
    world.target.faults.push({ kind: 'refused', permanent: false });
    await world.work.give();
    // It is tried again: nothing is due meanwhile.
    expect(figure(await figures(), 'curfew_oldest_due_seconds{lane="give"}')).toBe(0);
    expect(await notGiven()).toEqual([1, expect.closeTo(soon ?? 0, -1)]);
    await world.passTime('2 seconds');
    await world.reconcile();
    expect(world.target.held.size).toBe(1);
    expect(await notGiven()).toEqual([undefined, undefined]);
  });

  it('show what a panic waits for, and for how long it has got no further', async () => {
    await approve();
    await approve('readwrite');
    await world.reconcile();
    const read = async () => {
      const text = await figures();
      return ['panics_running', 'panic_grants_left', 'panics_holding', 'panic_stalled_seconds'].map((name) =>
        figure(text, `curfew_${name}`),
      );
    };
    expect(await read()).toEqual([0, 0, 0, 0]);
    const started = await world.useCases.panics.start(alice, { selection: { kind: 'everything' }, reason: 'broken into', hold: true });
    if (!started.ok) throw new Error(started.rejection.code);
    expect(await read()).toEqual([1, 2, 1, expect.closeTo(0, 0)]);
    world.target.faults.push({ kind: 'lost' }, { kind: 'lost' });
    await world.work.take();
    await world.passTime('90 seconds');
    await world.pool.query(
      `update panics set started_at = started_at - interval '90 seconds', marked_at = marked_at - interval '90 seconds'`,
    );
    expect(await read()).toEqual([1, 2, 1, expect.closeTo(90, -1)]);
    await world.reconcile();
    // Seen gone, though nobody has said yet that it is done.
    expect(await read()).toEqual([1, 0, 1, expect.closeTo(0, 0)]);
    await world.work.panic();
    expect(await read()).toEqual([0, 0, 1, 0]);
    expect((await world.useCases.panics.lift(alice, started.value.id)).ok).toBe(true);
    expect(await read()).toEqual([0, 0, 0, 0]);
  });

  it('do not say of a panic that it has got no further while what it waits for is taken by another one', async () => {
    const press = async (selection: PanicSelection) => {
      const pressed = await world.useCases.panics.start(alice, { selection, reason: 'broken into', hold: true });
      if (!pressed.ok) throw new Error(pressed.rejection.code);
    };
    const stalled = async () => figure(await figures(), 'curfew_panic_stalled_seconds');
    await approve();
    await approve('readwrite');
    await world.reconcile();
    await press({ kind: 'right', integration: 'sample', accessType: 'role', resource: 'readonly' });
    await press({ kind: 'everything' });
    await press({ kind: 'target', integration: 'sample' });
    await world.pool.query(
      `update panics set started_at = started_at - interval '90 seconds', marked_at = marked_at - interval '90 seconds'`,
    );
    expect(await stalled()).toBeCloseTo(0, 0);
    await world.pool.query(`update grants set end_at = end_at - interval '90 seconds'`);
    expect(await stalled()).toBeCloseTo(90, -1);
  });

  it('show what waits: wake-ups, unsealed events, requests', async () => {
    await approve();
    let text = await figures();
    expect(figure(text, 'curfew_outbox_unsent')).toBeGreaterThan(0);
    expect(figure(text, 'curfew_audit_unsealed')).toBeGreaterThan(0);
    await world.sweep();
    text = await figures();
    expect(figure(text, 'curfew_outbox_unsent')).toBe(0);
    expect(figure(text, 'curfew_audit_unsealed')).toBe(0);
    expect(figure(text, 'curfew_audit_unsealed_age_seconds')).toBe(0);
    expect(figure(text, 'curfew_pending_requests')).toBe(0);
  });
});

describe('/metrics', () => {
  const token = 'm'.repeat(32);
  const metrics = {
    token,
    read: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'curfew_database_up 1\n' }),
  };

  it.each([
    ['nothing', {}, 401],
    ['another token', { authorization: `Bearer ${'n'.repeat(32)}` }, 401],
    ['an API key', { authorization: 'Bearer cfw_test-key-of-bob-0123456789abcdef' }, 401],
    ['another scheme', { authorization: `Basic ${token}` }, 401],
    ['its token', { authorization: `Bearer ${token}` }, 200],
  ])('with %s', async (_, headers, status) => {
    const { app } = await httpApp({}, { metrics });
    const answer = await app.inject({ url: '/metrics', headers });
    expect(answer.statusCode).toBe(status);
    if (status === 200) expect(answer.body).toBe('curfew_database_up 1\n');
    else expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    await app.close();
  });

  it('is not there without a token of its own', async () => {
    const { app } = await httpApp();
    expect((await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } })).statusCode).toBe(404);
    await app.close();
  });
});

describe('the clocks', () => {
  it('are compared at the middle of the round trip, less what that may be wrong by', async () => {
    const clock =
      (...times: number[]) =>
      () =>
        times.shift() ?? Number.NaN;
    expect(await measureSkewMs(async () => 10_000, clock(9_000, 11_000))).toBe(0);
    expect(await measureSkewMs(async () => 15_000, clock(9_000, 11_000))).toBe(4_000);
    expect(await measureSkewMs(async () => 5_000, clock(9_990, 10_010))).toBe(-4_990);
  });

  it('raise an alarm from two seconds on', async () => {
    for (const [theirs, alarms] of [
      [2_001, 1],
      [1_999, 0],
      [-2_001, 1],
    ] as const) {
      const lines: object[] = [];
      const log = { info: () => undefined, warn: () => undefined, error: (fields: object) => void lines.push(fields) };
      await using watch = startClockWatch({ databaseNow: async () => 1_000_000 + theirs, nowMs: () => 1_000_000, log });
      await expect.poll(() => watch.skewSeconds()).toBe(theirs / 1000);
      expect(lines).toHaveLength(alarms);
    }
  });
});

describe('the audit log', () => {
  const secretKey = Buffer.alloc(32, 7);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-verify-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const walk = () =>
    verifyIfDue(
      {
        checks: world.store.auditChecks,
        verify: (anchors, between) => verifyDatabase(world.db, anchors, between),
        anchorFile: path.join(folder, 'anchors'),
        secretKey,
        log: world.hands.log,
      },
      new AbortController().signal,
    );
  const passed = (interval: string) => world.pool.query('update audit_checks set verified_at = verified_at - $1::interval', [interval]);

  it('is verified by one worker at a time, and again after five minutes', async () => {
    await approve();
    await world.work.seal();
    expect(figure(await figures(), 'curfew_audit_chain_verified_timestamp_seconds')).toBe(0);
    expect(await world.store.auditChecks.claim(300, 120)).toBe(true);
    await walk();
    expect(figure(await figures(), 'curfew_audit_chain_verified_timestamp_seconds')).toBe(0);
    await world.pool.query(`update audit_checks set claimed_until = clock_timestamp() - interval '1 second'`);
    await walk();
    const verified = figure(await figures(), 'curfew_audit_chain_verified_timestamp_seconds');
    expect(verified).toBeGreaterThan(0);
    await walk();
    expect(figure(await figures(), 'curfew_audit_chain_verified_timestamp_seconds')).toBe(verified);
    expect(figure(await figures(), 'curfew_audit_chain_intact')).toBe(1);
  });

  it('says so when somebody changed an event', async () => {
    await approve();
    await world.work.seal();
    await appendAnchors(path.join(folder, 'anchors'), secretKey, await world.store.audit.heads());
    await walk();
    expect(figure(await figures(), 'curfew_audit_chain_intact')).toBe(1);
    await world.pool.query(
      `alter table audit disable trigger append_only; update audit set action = 'nothing.happened' where id = (select min(id) from audit)`,
    );
    await passed('6 minutes');
    await walk();
    expect(figure(await figures(), 'curfew_audit_chain_intact')).toBe(0);
    expect(
      world.lines.filter(({ level, message }) => level === 'error' && message.startsWith('the audit log does not verify')),
    ).toHaveLength(1);
  });

  it('says so of anchors that are not ours', async () => {
    await approve();
    await world.work.seal();
    await appendAnchors(path.join(folder, 'anchors'), Buffer.alloc(32, 8), await world.store.audit.heads());
    appendFileSync(path.join(folder, 'anchors'), '{"cut');
    await walk();
    expect(figure(await figures(), 'curfew_audit_chain_intact')).toBe(0);
  });
});
