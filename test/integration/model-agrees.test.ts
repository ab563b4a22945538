import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Person } from '../../src/domain/request.ts';
import { landingMs, leaseMs } from '../../src/domain/right.ts';
import { type Grant, none, type Row, type State, tickMs } from '../model/state.ts';
import { createPair, type Outcome, type Step } from '../support/model-pair.ts';
import { type Rows, writeRows } from '../support/model-rows.ts';
import { createWorld, type World } from '../support/world.ts';

// `npm run check:model` tries everything on a copy of the database's part (test/model/database.ts). Here the copy is held to what
// it is a copy of: random rights in the tables and in the model, the same steps done to both. More of it: MODEL_RUNS=5000.

const runs = Number(process.env['MODEL_RUNS'] ?? 300);
/** So that what has been lies after the first tick. */
const start = 20;
/** In one statement. */
const mostRights = 4;
const mostGrants = 3;

const around = (least: number, most: number): fc.Arbitrary<number> => fc.integer({ min: start + least, max: start + most });
const known = fc.constantFrom('absent' as const, 'present' as const);

const grant: fc.Arbitrary<Grant> = fc
  .record({
    state: fc.constantFrom<Grant['state']>('none', 'planned', 'active', 'active', 'ending', 'ended', 'failed'),
    end: around(-3, 2),
    provisionUntil: around(-3, 4),
  })
  .map(({ state, end, provisionUntil }) => ({
    state,
    // The clock of the model is never set back: what somebody has ended lies behind it.
    end: state === 'active' ? end : state === 'ending' || state === 'ended' ? Math.min(end, start) : none,
    provisionUntil: state === 'none' ? none : provisionUntil,
  }));

const row: fc.Arbitrary<Row> = fc
  .record({
    observed: fc.constantFrom('unknown' as const, 'absent' as const, 'present' as const),
    callStarted: around(-6, 0),
    quarantine: fc.option(fc.nat(2), { nil: undefined }),
    attempts: fc.nat(8),
    settledFor: known,
    isOwned: fc.nat(2).map((n) => n === 0),
    due: fc.option(around(-2, 1), { nil: none, freq: 8 }),
    lane: fc.constantFrom('give' as const, 'take' as const),
    baseline: fc.option(known, { nil: undefined }),
  })
  .map(({ isOwned, quarantine, ...each }) => ({
    ...each,
    observed: isOwned ? 'unknown' : each.observed,
    // Of a call under this claim, or one before it.
    quarantineUntilMs: quarantine === undefined ? none : (each.callStarted - quarantine) * tickMs + landingMs,
    owner: isOwned ? 0 : none,
    leaseUntil: isOwned ? each.callStarted + leaseMs / tickMs : none,
  }));

const rights = fc.array(fc.record({ row, grants: fc.array(grant, { minLength: 1, maxLength: mostGrants }) }), {
  minLength: 1,
  maxLength: mostRights,
});

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'observed' as const, isWanted: true }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'observed' as const, isWanted: false }) },
  { weight: 2, arbitrary: fc.boolean().map((permanent) => ({ kind: 'refused' as const, permanent, why: 'no' })) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'lost' as const, why: 'no answer' }, { kind: 'unsent' as const, why: 'too late' }) },
);

const worker = fc.nat(3);
const claims = fc.constant<Step>({ kind: 'claim' });
const settles: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('settle' as const),
  worker,
  outcomes: fc.array(outcome, { minLength: mostRights, maxLength: mostRights }),
  keepQuarantine: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
});
const time = (least: number): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant('time' as const), ticks: fc.integer({ min: least, max: 4 }) });
const others: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: time(1) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('look' as const), worker, seen: known }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('approve' as const, 'end' as const), pick: fc.nat(11) }) },
  { weight: 1, arbitrary: claims },
);
/** Claimed and settled, and what happens before, in between and after. */
const turn = fc
  .tuple(fc.option(others), claims, fc.array(others, { maxLength: 3 }), settles)
  .map(([before, claim, between, settle]) => [...(before === null ? [] : [before]), claim, ...between, settle]);
/** Claimed, not heard of until the lease is over, and claimed again. */
const overtaken = fc.tuple(claims, time(leaseMs / tickMs + 1), claims, others, settles, settles);
const steps = fc
  .array(fc.oneof({ weight: 4, arbitrary: turn }, { weight: 1, arbitrary: overtaken }), { minLength: 1, maxLength: 3 })
  .map((turns) => turns.flat());

let world: World;
let bob: Person;
beforeAll(async () => {
  world = await createWorld();
  bob = (await world.caller('bob')).person;
});
afterAll(() => world[Symbol.asyncDispose]());

/** The first worker is the one that had claimed it before and was not heard of since. */
const toState = (each: Rows, claims: number): State => ({
  ...each,
  now: start,
  workers: Array.from({ length: claims + 1 }, () => undefined),
  strays: [],
  isPresent: false,
  isOthers: false,
  isWoken: false,
  faults: 0,
});

it('changes the rows as the model changes its own', async () => {
  await fc.assert(
    fc.asyncProperty(rights, steps, async (rows, all) => {
      const pair = createPair(
        world,
        rows.map((each) => toState(each, all.length)),
        await writeRows(world.pool, rows, start, bob.id),
      );
      const compare = async () => {
        const found = await pair.compared();
        fc.pre(found !== undefined);
        expect(found?.tables).toEqual(found?.model);
      };
      await compare();
      for (const step of all) {
        await pair.perform(step);
        await compare();
      }
    }),
    { numRuns: runs },
  );
}, 1_800_000);
