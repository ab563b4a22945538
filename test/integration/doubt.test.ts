import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { giveRight } from '../../src/app/act-on-rights.ts';
import type { Caller } from '../../src/app/ports.ts';
import type { Claim } from '../../src/app/store.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { bindConfiguredRoles, setBootstrapKey } from '../../src/store/configured.ts';
import { fakeTarget } from '../support/fake-target.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

// Each of these once failed: found by a reader who believed nothing.

let world: World;
let alice: Caller;
let bob: Caller;
let carol: Caller;
let dave: Caller;
const other = fakeTarget('other', 'other');

beforeEach(async () => {
  world = await createWorld({ besides: [other] });
  [alice, bob, carol, dave] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('carol'), world.caller('dave')]);
});
afterEach(() => world[Symbol.asyncDispose]());

async function ask(options: { by?: Caller; resource?: string; seconds?: number; to?: string; service?: string } = {}) {
  const { by = bob, resource = 'readonly', seconds = 60, to, service = 'pg' } = options;
  return world.useCases.submitRequest(by, {
    right: { service, accessType: 'role', resource, integration: undefined },
    reason: 'a reason',
    duration: seconds as DurationSeconds,
    to,
  });
}
async function approved(options: Parameters<typeof ask>[0] = {}): Promise<PermissionRequest> {
  const asked = await ask(options);
  if (!asked.ok) throw new Error(asked.rejection.code);
  const decided = await world.useCases.decideRequest(alice, asked.value.request.id, {
    kind: 'approve',
    duration: undefined,
    digest: undefined,
  });
  if (!decided.ok) throw new Error(decided.rejection.code);
  return decided.value;
}
const grantOf = async (request: PermissionRequest) => {
  const state = (await world.store.request(org, request.id))?.state;
  return state?.kind === 'approved' ? state.grant.state : undefined;
};
async function claimOne(lane: 'give' | 'take'): Promise<Claim> {
  const [claim] = await world.store.claim(lane, 1);
  if (claim === undefined) throw new Error('nothing was due');
  return claim;
}

describe('a call that comes late', () => {
  it('is not sent where the process was held up after it made sure it had time', async () => {
    const request = await approved();
    let lateMs = 0;
    const store: World['store'] = {
      ...world.store,
      async offerPassword(claim, sealed) {
        const offer = await world.store.offerPassword(claim, sealed);
        await world.useCases.revokeGrant(carol, request.id, undefined);
        await world.passTime('20 seconds');
        lateMs = 20_000;
        await world.reconcile();
        return offer;
      },
    };
    const hands = { ...world.hands, store, monotonicMs: () => performance.now() + lateMs };
    const settlement = await giveRight(hands, await claimOne('give'), hands.monotonicMs());
    expect(settlement.result).toMatchObject({ kind: 'unsent' });
    await world.store.settle([settlement]);
    await world.passTime('1 hour');
    await world.sweep();
    expect(world.target.held).toEqual(new Set());
  });

  it('is waited for until the end of the lease, in which it may have been sent', async () => {
    await approved();
    world.target.faults.push({ kind: 'lost' });
    const claim = await claimOne('give');
    const settlement = await giveRight(world.hands, claim, performance.now());
    expect(settlement.result.kind).toBe('lost');
    expect((settlement.settled.quarantineUntil ?? 0) - claim.state.callStarted).toBeGreaterThan(15_000);
  });
});

describe('one slow target', () => {
  it('does not hold up the expiry of another', async () => {
    const request = await approved();
    await world.reconcile();
    await world.passTime('2 minutes');
    for (let i = 0; i < 12; i++) await approved({ by: await world.caller(`p${i}`), service: 'other' });
    let release: (() => void) | undefined;
    const hung = new Promise<void>((resolve) => {
      release = resolve;
    });
    other.beforeObserving = () => hung;
    const giving = world.work.give();
    await world.work.take();
    expect(await grantOf(request)).toMatchObject({ kind: 'ended' });
    release?.();
    other.beforeObserving = undefined;
    await giving;
  });
});

describe('passwords', () => {
  it('survives two rights of a new account that are given at once', async () => {
    const first = await approved({ resource: 'readonly' });
    await approved({ resource: 'readwrite' });
    await world.reconcile();
    expect(await world.useCases.revealSecret(bob, first.id)).toMatchObject({ ok: true });
  });
});

describe('people who ask for each other', () => {
  it('does not deadlock', async () => {
    for (let round = 0; round < 5; round++) {
      const seconds = 60 + round;
      const [one, two] = await Promise.all([
        ask({ by: dave, to: 'bob@example.com', seconds }),
        ask({ by: bob, to: 'dave@example.com', seconds }),
      ]);
      expect([one.ok, two.ok]).toEqual([true, true]);
    }
  });

  it('does not use up what the other may ask', async () => {
    for (let i = 0; i < 20; i++) expect((await ask({ by: dave, to: 'bob@example.com', seconds: 60 + i })).ok).toBe(true);
    expect(await ask({ by: dave, seconds: 1_000 })).toMatchObject({ rejection: { code: 'too-many-open' } });
    expect((await ask()).ok).toBe(true);
  });
});

describe('what is said', () => {
  it('keeps the state of a request from strangers', async () => {
    const asked = await ask();
    if (!asked.ok) throw new Error(asked.rejection.code);
    expect(await world.useCases.revokeGrant(dave, asked.value.request.id, undefined)).toMatchObject({
      rejection: { code: 'not-approver' },
    });
  });

  it('reports the first removal that fails, whatever failed before it, and once', async () => {
    await approved();
    world.target.faults.push({ kind: 'refused', permanent: false }, { kind: 'refused', permanent: false });
    for (let i = 0; i < 3; i++) {
      await world.reconcile();
      await world.passTime('10 seconds');
    }
    await world.passTime('2 minutes');
    world.target.faults.push({ kind: 'refused', permanent: false }, { kind: 'refused', permanent: false });
    await world.reconcile();
    await world.passTime('20 seconds');
    await world.reconcile();
    expect((await world.audit()).filter((event) => event.action === 'right.removal-failed')).toHaveLength(1);
  });

  it('says active only after looking, where the principal once had the right without us', async () => {
    world.target.held.add('bob:readonly');
    await approved({ seconds: 3_600 });
    await world.reconcile();
    world.target.held.clear();
    const second = await approved({ seconds: 7_200 });
    await world.reconcile();
    expect(await grantOf(second)).toMatchObject({ kind: 'active' });
    expect(world.target.held).toEqual(new Set(['bob:readonly']));
  });
});

it('waits rather than spins where the clock was set back', async () => {
  const request = await approved();
  await world.reconcile();
  await world.useCases.revokeGrant(carol, request.id, undefined);
  await world.pool.query(`update grants set end_at = now() + interval '1 second'`);
  let turns = 0;
  const started = performance.now();
  while ((await grantOf(request))?.kind !== 'ended') {
    turns += await world.reconcile();
    await sleep(10);
    if (performance.now() - started > 10_000) throw new Error('it never ended');
  }
  expect(turns).toBeLessThan(10);
});

it('lets processes that start together write the configuration down', async () => {
  const write = async () => {
    await bindConfiguredRoles(world.db, org, { owner: [email('alice@example.com')], manager: [email('carol@example.com')] });
    await setBootstrapKey(world.db, org, email('alice@example.com'), 'the same key in every process of it');
  };
  await Promise.all([write(), write(), write(), write()]);
  expect(await world.store.authenticate(org, 'the same key in every process of it')).toMatchObject({
    person: { email: 'alice@example.com' },
  });
});
