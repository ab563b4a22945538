import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { DriftResponse } from '../../src/domain/drift.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { type PermissionRequest, wireStatus } from '../../src/domain/request.ts';
import { createWorld, org, type World } from '../support/world.ts';

// What somebody else has changed at a target is found, told once, and answered as the integration says.

let world: World;
let alice: Caller;
let bob: Caller;

beforeEach(async () => {
  world = await createWorld();
  [alice, bob] = await Promise.all([world.caller('alice'), world.caller('bob')]);
});
afterEach(() => world[Symbol.asyncDispose]());

const answers = (response: DriftResponse) => {
  world.target.watch = { everySeconds: 300, response };
};
async function approved(caller = bob, resource = 'readonly', seconds = 3_600): Promise<PermissionRequest> {
  const asked = await world.useCases.submitRequest(caller, {
    right: { service: 'pg', accessType: 'role', resource, integration: undefined },
    reason: 'look at orders',
    duration: seconds as DurationSeconds,
    to: undefined,
  });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
  const decided = await world.useCases.decideRequest(alice, asked.value.request.id, verdict);
  if (!decided.ok) throw new Error(decided.rejection.code);
  return decided.value;
}
async function give(...asked: Parameters<typeof approved>): Promise<PermissionRequest> {
  const request = await approved(...asked);
  await world.reconcile();
  expect(await statusOf(request)).toBe('DONE');
  return request;
}
const read = async ({ id }: PermissionRequest) => {
  const request = await world.store.request(org, id);
  if (request === undefined) throw new Error('gone');
  return request;
};
const statusOf = async (request: PermissionRequest) => wireStatus((await read(request)).state);
const grantOf = async (request: PermissionRequest) => {
  const { state } = await read(request);
  return state.kind === 'approved' ? state.grant.state : undefined;
};
/** Of what is looked at unasked. */
const events = async () =>
  (await world.audit())
    .filter(({ action }) => /^(right\.(drifted|restored)|grant\.removed|orphan\.)/.test(action))
    .map(({ action }) => action);
/** The next round, whenever it would be. */
async function look(): Promise<void> {
  await world.pool.query('update target_rounds set due_at = now(), lease_until = null');
  await world.work.watchDrift();
  await world.work.findOrphans();
}
const loud = () => world.lines.filter(({ level }) => level === 'error').map(({ message }) => message);

describe('a right that somebody has removed at the target', () => {
  it('is told once where the integration alerts, and left as it is', async () => {
    const request = await give();
    world.target.held.clear();
    for (let round = 0; round < 3; round++) await look();
    expect(await events()).toEqual(['right.drifted']);
    expect(loud()).toEqual(['access was removed at the target by somebody else']);
    expect((await world.audit()).find(({ action }) => action === 'right.drifted')?.data).toMatchObject({
      integration: 'sample',
      resource: 'readonly',
      account: 'bob',
      response: 'alert',
    });
    expect(await world.reconcile()).toBe(0);
    expect(await statusOf(request)).toBe('DONE');
    expect(world.target.held).toEqual(new Set());
    world.target.held.add('bob:readonly');
    await look();
    expect(await events()).toEqual(['right.drifted', 'right.restored']);
    world.target.held.clear();
    await look();
    expect(await events()).toEqual(['right.drifted', 'right.restored', 'right.drifted']);
  });

  it('is given again where the integration repairs, each time', async () => {
    answers('repair');
    const request = await give();
    for (let time = 0; time < 2; time++) {
      world.target.held.clear();
      await look();
      expect(await world.reconcile()).toBe(1);
      expect(world.target.held).toEqual(new Set(['bob:readonly']));
    }
    // That it is there again is seen within a minute, and its messages are brought up to date: the login may have a new password.
    await world.passTime('61 seconds');
    await world.pool.query('delete from outbox');
    await world.work.watchDrift();
    expect(await events()).toEqual(['right.drifted', 'right.drifted', 'right.restored']);
    expect((await world.pool.query(`select subject from outbox where kind = 'notify'`)).rows).toEqual([{ subject: request.id }]);
    const before = await grantOf(request);
    expect(before).toMatchObject({ kind: 'active' });
    await world.passTime('61 minutes');
    await world.reconcile();
    expect(await grantOf(request)).toMatchObject({ kind: 'ended', end: { kind: 'expired' } });
    expect(world.target.held).toEqual(new Set());
  });

  it('has ended where the integration adopts what it finds, which is told to whoever had it', async () => {
    answers('adopt');
    const request = await give();
    world.target.held.clear();
    await look();
    expect(await grantOf(request)).toMatchObject({ kind: 'ending', end: { kind: 'removed' } });
    await world.reconcile();
    expect(await grantOf(request)).toMatchObject({ kind: 'ended', end: { kind: 'removed' }, evidence: { leftInPlace: undefined } });
    expect(await statusOf(request)).toBe('REVOKED');
    expect(await events()).toEqual(['right.drifted', 'grant.removed']);
    await world.work.notify(request.id);
    expect(world.posted.map(({ slot }) => slot)).toContain('ended');
    await look();
    expect(await events()).toHaveLength(2);
    expect((await world.pool.query('select from drifts')).rows).toHaveLength(0);
  });

  it('had by somebody before us is given by us when it is repaired, and taken at the end', async () => {
    answers('repair');
    world.target.held.add('bob:readonly');
    const request = await give();
    world.target.held.clear();
    await look();
    await world.reconcile();
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
    await world.passTime('61 minutes');
    await world.reconcile();
    expect(await grantOf(request)).toMatchObject({ kind: 'ended', evidence: { leftInPlace: undefined } });
    expect(world.target.held).toEqual(new Set());
  });

  it('had by somebody before us is not touched when it is adopted, should they get it back', async () => {
    answers('adopt');
    world.target.held.add('bob:readonly');
    const request = await give();
    world.target.held.clear();
    await look();
    world.target.held.add('bob:readonly');
    await world.reconcile();
    expect(await grantOf(request)).toMatchObject({ kind: 'ended', end: { kind: 'removed' } });
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
  });
});

describe('what is no drift', () => {
  it('is a target that does not answer', async () => {
    answers('repair');
    await give();
    world.target.held.clear();
    world.target.observeFails = true;
    await look();
    expect(await events()).toEqual([]);
    expect((await world.pool.query('select from drifts')).rows).toHaveLength(0);
    const { text } = await world.metrics.read({
      vitals: () => world.store.vitals(),
      queueReachable: async () => true,
      slackReady: () => true,
      clockSkewSeconds: () => 0,
      waiting: () => ({}),
    });
    expect(text).toContain('curfew_target_looks_total{integration="sample",what="rights",outcome="failed"} 1');
    expect(text).toContain('curfew_target_looks_total{integration="sample",what="tagged",outcome="failed"} 1');
    // It is asked again within a minute, not in five.
    await world.passTime('61 seconds');
    world.target.observeFails = false;
    await world.work.watchDrift();
    expect(await events()).toEqual(['right.drifted']);
  });

  it('is one that throws', async () => {
    await give();
    world.target.held.clear();
    world.target.beforeObserving = () => Promise.reject(new Error('broken pipe'));
    await look();
    expect(await events()).toEqual([]);
  });

  it.each(['alert', 'repair', 'adopt'] as const)('is a right that is taken away while it is looked at (%s)', async (response) => {
    answers(response);
    const request = await give();
    world.target.beforeObserving = async () => {
      world.target.beforeObserving = undefined;
      await world.useCases.revokeGrant(alice, request.id, undefined);
      await world.reconcile();
    };
    await look();
    expect(world.target.held).toEqual(new Set());
    expect(await events()).toEqual([]);
    expect(await grantOf(request)).toMatchObject({ kind: 'ended', end: { kind: 'revoked' } });
  });

  it('is a right that is claimed, in doubt, or about to end', async () => {
    await give();
    world.target.held.clear();
    for (const state of [
      `lease_owner = 'somebody', lease_until = now() + interval '15 seconds'`,
      `lease_owner = null, lease_until = null, quarantine_until = now() + interval '10 seconds'`,
      `quarantine_until = null, observed = 'unknown'`,
      `observed = 'present', due_at = now() + interval '10 seconds'`,
    ]) {
      await world.pool.query(`update rights set ${state}`);
      await look();
      expect([state, await events()]).toEqual([state, []]);
    }
    await world.pool.query(`update rights set due_at = now() + interval '1 hour'`);
    await look();
    expect(await events()).toEqual(['right.drifted']);
  });

  it('is access outside its hours, or not given yet', async () => {
    await approved();
    await look();
    expect(await events()).toEqual([]);
    expect(world.target.calls.filter((call) => call.startsWith('observe'))).toEqual([]);
  });
});

describe('rounds', () => {
  it('are made by one worker of several, and come again when it is time', async () => {
    await give();
    await Promise.all([world.work.watchDrift(), world.work.watchDrift(), world.work.watchDrift()]);
    const looks = () => world.target.calls.filter((call) => call === 'observe bob:readonly').length;
    // Once before it was given, once now.
    expect(looks()).toBe(2);
    await world.passTime('4 minutes');
    await world.work.watchDrift();
    expect(looks()).toBe(2);
    await world.passTime('61 seconds');
    await world.work.watchDrift();
    expect(looks()).toBe(3);
  });

  it('are taken over from a worker that died, where it was', async () => {
    await give();
    const round = { org, integration: 'sample', kind: 'rights' } as const;
    expect(await world.store.drift.beginRound(round, 60)).toEqual({ after: undefined });
    expect(await world.store.drift.beginRound(round, 60)).toBeUndefined();
    await world.pool.query(`update target_rounds set lease_until = now() - interval '1 second'`);
    expect(await world.store.drift.beginRound(round, 60)).toEqual({ after: undefined });
  });
});

describe('what carries our mark at the target', () => {
  const bring = (...what: string[]) => {
    for (const each of what) {
      world.target.held.add(each);
      world.target.marked.add(each);
    }
  };

  it('and is wanted, or being taken away, is nothing new', async () => {
    answers('repair');
    const request = await give();
    await look();
    await world.useCases.revokeGrant(alice, request.id, undefined);
    await look();
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
    expect(await events()).toEqual([]);
    await world.reconcile();
    await look();
    expect(await events()).toEqual([]);
  });

  it('without a row, is told once where the integration alerts', async () => {
    bring('mallory:readwrite');
    for (let round = 0; round < 3; round++) await look();
    expect(await events()).toEqual(['orphan.found']);
    expect(loud()).toEqual(['a target holds something with our mark that no right wants']);
    expect(world.target.held).toEqual(new Set(['mallory:readwrite']));
    world.target.held.clear();
    await look();
    expect(await events()).toEqual(['orphan.found', 'orphan.gone']);
  });

  it('and came back after its end, is taken away where the integration repairs', async () => {
    answers('repair');
    const request = await give();
    await world.useCases.revokeGrant(alice, request.id, undefined);
    await world.reconcile();
    bring('bob:readonly', 'mallory:readwrite');
    await look();
    expect(world.target.held).toEqual(new Set());
    expect(await events()).toEqual(['orphan.found', 'orphan.found', 'orphan.removed', 'orphan.removed']);
    expect((await world.pool.query('select from orphans')).rows).toHaveLength(0);
  });

  it('and may be somebody else’s, is told and never taken away', async () => {
    answers('repair');
    world.target.doubtful = true;
    bring('mallory:readwrite');
    await look();
    await look();
    expect(world.target.held).toEqual(new Set(['mallory:readwrite']));
    expect(await events()).toEqual(['orphan.found']);
  });

  it('and was there before us, is not ours to speak of', async () => {
    world.target.doubtful = true;
    bring('bob:readonly');
    const request = await give();
    await world.useCases.revokeGrant(alice, request.id, undefined);
    await world.reconcile();
    expect(await grantOf(request)).toMatchObject({ evidence: { leftInPlace: 'pre-existing' } });
    await look();
    expect(await events()).toEqual([]);
  });

  it('and goes while it is looked at, is nothing', async () => {
    answers('repair');
    bring('mallory:readwrite');
    const drift = { ...world.store.drift };
    world.store.drift.unwanted = async (...asked) => {
      world.target.held.clear();
      return drift.unwanted(...asked);
    };
    await look();
    expect(await events()).toEqual([]);
  });

  it('is not taken away once somebody has been given it', async () => {
    answers('repair');
    bring('bob:readonly');
    const drift = { ...world.store.drift };
    world.store.drift.recordOrphans = async (...found) => {
      const orphans = await drift.recordOrphans(...found);
      await give();
      return orphans;
    };
    await look();
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
    expect(world.target.calls).not.toContain('remove');
    world.store.drift.recordOrphans = drift.recordOrphans.bind(drift);
    await look();
    expect(await events()).toEqual(['orphan.found', 'orphan.gone']);
  });

  it('and is given to somebody while it is being taken away, is given again', async () => {
    answers('repair');
    bring('bob:readonly');
    const drift = { ...world.store.drift };
    world.store.drift.recordRemovals = async (...removals) => {
      world.target.held.add('bob:readonly');
      await give();
      world.target.held.clear();
      return drift.recordRemovals(...removals);
    };
    await look();
    expect(world.target.held).toEqual(new Set());
    await world.reconcile();
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
  });

  it('and cannot be taken away, is tried again each round, and told the first time', async () => {
    answers('repair');
    bring('mallory:readwrite');
    for (let round = 0; round < 3; round++) {
      world.target.faults.push({ kind: 'lost' });
      await look();
    }
    expect(await events()).toEqual(['orphan.found', 'orphan.removal-failed']);
    await look();
    expect(world.target.held).toEqual(new Set());
    expect(await events()).toEqual(['orphan.found', 'orphan.removal-failed', 'orphan.removed']);
  });

  it('is not forgotten where it cannot be listed', async () => {
    bring('mallory:readwrite');
    await look();
    world.target.observeFails = true;
    await look();
    expect(await events()).toEqual(['orphan.found']);
    expect((await world.pool.query('select from orphans')).rows).toHaveLength(1);
  });
});
