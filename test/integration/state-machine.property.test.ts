import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { createReconciler, type Reconciler } from '../../src/app/reconcile.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { type RequestId, parseRequestId } from '../../src/domain/ids.ts';
import { createStore } from '../../src/store/index.ts';
import { verifyDatabase } from '../../src/store/audit-verify.ts';
import type { Fault } from '../support/fake-target.ts';
import { type Claiming, createSlowWorker, type Ending, type SlowWorker } from '../support/slow-worker.ts';
import { createWorld, org, type World } from '../support/world.ts';

// Whatever people, the clock, a worker that is stopped or dies and a bad target do, in whatever order: what nobody may have is gone, what
// somebody may have is there, and each request is decided once. More of it: STATE_RUNS=500.

const runs = Number(process.env['STATE_RUNS'] ?? 12);
const longest = 60;
const hour = 3600;
const seconds = (count: number) => count as DurationSeconds;
const limits = [30 * 24 * hour, 2 * hour, 600];

/** About one of those that it can be done to. */
type Picks = {
  readonly kind: 'approve' | 'deny' | 'revoke' | 'relinquish' | 'extend' | 'cancel' | 'doubled';
  readonly pick: number;
  readonly duration: number;
  /** Delivered twice, at the same time. */
  readonly isTwice: boolean;
};
type Act =
  | { readonly kind: 'submit'; readonly who: number; readonly resource: string; readonly duration: number; readonly isTwice: boolean }
  | Picks
  | { readonly kind: 'limit'; readonly seconds: number }
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'work' | 'twoWork' }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | ({ readonly kind: 'claim' } & Claiming)
  | { readonly kind: 'finish'; readonly how: Ending }
  | { readonly kind: 'land' };

const duration = fc.constantFrom(60, 300, hour);
const isTwice = fc.integer({ min: 0, max: 3 }).map((n) => n === 0);
const submit: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant('submit' as const),
  who: fc.nat(1),
  resource: fc.constantFrom('readonly', 'readwrite'),
  duration,
  isTwice,
});
const decision = (...kinds: Picks['kind'][]): fc.Arbitrary<Act> =>
  fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat(9), duration, isTwice });
const time = (...lengths: number[]): fc.Arbitrary<Act> =>
  fc.record({ kind: fc.constant('time' as const), seconds: fc.constantFrom(...lengths) });
const lands = fc.constantFrom<Claiming['lands']>('never', 'at once', 'late');
const claim = (lane: fc.Arbitrary<Claiming['lane']>): fc.Arbitrary<Act> => fc.record({ kind: fc.constant('claim' as const), lane, lands });
const finish: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant('finish' as const),
  how: fc.constantFrom<Ending>('answered', 'answered', 'lost', 'dies'),
});
const work: fc.Arbitrary<Act> = fc.record({ kind: fc.constantFrom('work' as const, 'twoWork') });
const land: fc.Arbitrary<Act> = fc.record({ kind: fc.constant('land' as const) });
const fault: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant('fault' as const),
  fault: fc.constantFrom<Fault>({ kind: 'lost' }, { kind: 'lost-after' }, { kind: 'throws' }, { kind: 'refused', permanent: false }),
});
const lane = fc.constantFrom<Claiming['lane']>('give', 'take');

const any: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: submit },
  { weight: 8, arbitrary: decision('approve', 'approve', 'deny', 'revoke', 'relinquish', 'extend', 'cancel', 'doubled') },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), seconds: fc.constantFrom(...limits) }) },
  { weight: 4, arbitrary: time(1, 5, 16, 61, 301, 1900) },
  { weight: 4, arbitrary: work },
  { weight: 2, arbitrary: fault },
  { weight: 3, arbitrary: claim(lane) },
  { weight: 3, arbitrary: finish },
  { weight: 2, arbitrary: land },
);

/** Orders in which much can go wrong; of each a part may be missing. */
const story = (...acts: fc.Arbitrary<Act>[]): fc.Arbitrary<Act[]> =>
  fc.tuple(...acts.map((each) => fc.option(each, { freq: 12 }))).map((all) => all.filter((each) => each !== null));
const over = decision('revoke', 'relinquish');
const acts = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: any.map((each) => [each]) },
      { weight: 1, arbitrary: story(submit, decision('approve'), claim(fc.constant('give')), finish, over, time(1, 5), work, land) },
      {
        weight: 1,
        arbitrary: story(submit, decision('approve'), work, over, claim(fc.constant('take')), submit, decision('approve'), finish),
      },
    ),
    { minLength: 10, maxLength: longest },
  )
  .map((parts) => parts.flat());

/** Lowering the maximum below what has passed already ends access with the next second, and no earlier. */
const shortenedToNow: Act[] = [
  { kind: 'submit', who: 0, resource: 'readonly', duration: hour, isTwice: false },
  { kind: 'approve', pick: 0, duration: hour, isTwice: false },
  { kind: 'work' },
  { kind: 'time', seconds: 1900 },
  { kind: 'limit', seconds: 600 },
];

let world: World;
let slow: SlowWorker;
/** Another process, with leases of its own. */
let other: Reconciler;
let people: readonly Caller[];
let approvers: readonly Caller[];

beforeAll(async () => {
  world = await createWorld();
  slow = createSlowWorker(world);
  const store = createStore({ db: world.db, pool: world.pool, removals: world.pool, gives: world.pool });
  other = createReconciler({ ...world.hands, store }, world.jobs);
  people = [await world.caller('bob'), await world.caller('erin')];
  approvers = [await world.caller('alice'), await world.caller('carol')];
});
afterAll(() => world[Symbol.asyncDispose]());

async function idsIn(condition: string): Promise<readonly RequestId[]> {
  const { rows } = await world.pool.query<{ id: string }>(
    `select q.id from requests q left join grants g on g.org = q.org and g.request_id = q.id where ${condition} order by q.created_at, q.id`,
  );
  return rows.flatMap(({ id }) => parseRequestId(id) ?? []);
}

const pick = (ids: readonly RequestId[], at: number): RequestId | undefined => ids[at % Math.max(ids.length, 1)];
const [alice, carol] = [() => approvers[0] ?? expect.unreachable(), () => approvers[1] ?? expect.unreachable()];
const approval = (length: number) => ({ kind: 'approve', duration: seconds(length), digest: undefined }) as const;

async function limitTo(time: number): Promise<void> {
  await world.useCases.settings.setDuration({ ...alice(), via: 'api' }, 'maxAccess', { time, unit: 's' }, 'any');
}

async function principalOf(id: RequestId): Promise<Caller> {
  const request = await world.store.request(org, id);
  return people.find(({ person }) => person.id === request?.principal.id) ?? expect.unreachable();
}

/** Both are answered, neither with a fault; what they come to is seen in the rows. */
async function asOften(isTwice: boolean, what: () => Promise<unknown>): Promise<void> {
  await Promise.all(isTwice ? [what(), what()] : [what()]);
}

/** A refusal is an answer like any other here; a fault is not. */
async function perform(step: Act): Promise<void> {
  const { useCases } = world;
  if ('pick' in step) return decide(step);
  switch (step.kind) {
    case 'submit': {
      const right = { service: 'pg', accessType: 'role', resource: step.resource, integration: undefined };
      const who = people[step.who] ?? expect.unreachable();
      return asOften(step.isTwice, () =>
        useCases.submitRequest(who, { right, reason: 'look', duration: seconds(step.duration), to: undefined }),
      );
    }
    case 'limit':
      return limitTo(step.seconds);
    case 'time':
      slow.pass(step.seconds);
      return world.passTime(`${step.seconds} seconds`);
    case 'work':
      await world.reconcile();
      return;
    case 'twoWork':
      await Promise.all([world.reconcile(), other.take(), other.give(), world.work.lapse()]);
      return;
    case 'fault':
      world.target.faults.push(step.fault);
      return;
    case 'claim':
      return slow.claim(step);
    case 'finish':
      return slow.finish(step.how);
    case 'land':
      return slow.land();
  }
}

async function decide({ kind, pick: at, duration: length, isTwice }: Picks): Promise<void> {
  const { useCases } = world;
  const isOfPending = kind === 'approve' || kind === 'deny' || kind === 'cancel' || kind === 'doubled';
  const id = pick(await idsIn(isOfPending ? `q.state = 'pending'` : `g.state in ('planned', 'active')`), at);
  if (id === undefined) return;
  switch (kind) {
    case 'approve':
      await useCases.decideRequest(alice(), id, approval(length));
      return;
    case 'deny':
      return asOften(isTwice, () => useCases.decideRequest(carol(), id, { kind: 'deny', reason: undefined }));
    case 'cancel': {
      const own = await principalOf(id);
      return asOften(isTwice, () => useCases.cancelRequest(own, id));
    }
    case 'doubled': {
      const deny = { kind: 'deny', reason: undefined } as const;
      const said = await Promise.all([
        useCases.decideRequest(alice(), id, approval(length)),
        useCases.decideRequest(alice(), id, approval(length)),
        useCases.decideRequest(carol(), id, deny),
      ]);
      expect(said.filter(({ ok }) => ok).length).toBeLessThanOrEqual(1);
      return;
    }
    case 'revoke':
      return asOften(isTwice, () => useCases.revokeGrant(alice(), id, undefined));
    case 'relinquish': {
      const own = await principalOf(id);
      return asOften(isTwice, () => useCases.relinquishGrant(own, id));
    }
    case 'extend': {
      const own = await principalOf(id);
      return asOften(isTwice, () => useCases.extendRequest(own, id, { duration: seconds(length), reason: 'more' }));
    }
  }
}

/** What must hold at every moment. */
async function expectSound(): Promise<void> {
  const { rows: believed } = await world.pool.query<{ account: string; resource: string; observed: string }>(
    `select account, resource, observed from rights where lease_owner is null and observed <> 'unknown'`,
  );
  for (const { account, resource, observed } of believed)
    expect([account, resource, world.target.held.has(`${account}:${resource}`) ? 'present' : 'absent']).toEqual([
      account,
      resource,
      observed,
    ]);
  const { rows: decided } = await world.pool.query(
    `select request_id from audit where action in ('request.approved', 'request.denied', 'request.cancelled', 'request.lapsed') group by 1 having count(*) > 1`,
  );
  expect(decided).toEqual([]);
  const { rows: repeated } = await world.pool.query(
    `select grant_id, action from audit where action in ('grant.activated', 'grant.ended', 'grant.failed', 'grant.revoked', 'grant.relinquished')
      group by 1, 2 having count(*) > 1`,
  );
  expect(repeated).toEqual([]);
  const { rows: endless } = await world.pool.query(
    `select g.id from grants g, (select coalesce(max((document->'maxAccess'->>'time')::int), 0) as most from settings) s
      where g.state = 'active' and (g.expires_at is null or g.expires_at <= g.granted_at)
        or g.state = 'active' and s.most > 0 and g.expires_at > clock_timestamp() + interval '1 second'
          and g.expires_at - coalesce(g.chain_from, g.granted_at) > s.most * interval '1 second'
        or g.state = 'ended' and g.gone_at is null`,
  );
  expect(endless).toEqual([]);
}

/** Nothing fails any more; after half a minute and the time that a target has to confirm something, all is as it should be. */
async function settleDown(): Promise<void> {
  world.target.faults.length = 0;
  slow.die();
  for (let turn = 0; turn < 4; turn++) {
    slow.pass(17);
    await world.passTime('17 seconds');
    await world.reconcile();
  }
  const { rows } = await world.pool.query<{ account: string; resource: string }>(
    `select distinct r.account, r.resource from rights r join grants g on g.org = r.org and g.right_id = r.id where g.state in ('planned', 'active')`,
  );
  expect([...world.target.held].sort()).toEqual(rows.map(({ account, resource }) => `${account}:${resource}`).sort());
}

async function endAll(): Promise<void> {
  await limitTo(limits[0] ?? hour);
  await world.passTime('40 days');
  await world.sweep();
  await world.sweep();
  expect([...world.target.held]).toEqual([]);
  expect(await idsIn(`q.state = 'pending' or g.state in ('planned', 'active', 'ending')`)).toEqual([]);
  expect((await verifyDatabase(world.db, [])).flaw).toBeUndefined();
}

it('ends every access, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (steps) => {
      for (const step of steps) {
        await perform(step);
        await expectSound();
      }
      await settleDown();
      await endAll();
    }),
    { numRuns: runs, examples: [[shortenedToNow]], endOnFailure: true },
  );
}, 1_800_000);
