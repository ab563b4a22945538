import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWork } from '../../src/app/index.ts';
import type { Caller } from '../../src/app/ports.ts';
import type { Work } from '../../src/app/use-cases.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { createStore } from '../../src/store/index.ts';
import { check, type Exported, type GrantFacts, type Look } from '../chaos/check.ts';
import type { Life as Process } from '../chaos/excuses.ts';
import { epsilonMs } from '../chaos/limits.ts';
import { postgresTarget } from '../support/postgres-target.ts';
import { createWorld, type World } from '../support/world.ts';

// Several grants of one right that begin and end at random moments, two workers, and real roles: whoever looks from outside sees the
// right exactly while at least one grant has it, but for the documented delay. More of it: OVERLAP_RUNS=100.

const runs = Number(process.env['OVERLAP_RUNS'] ?? 3);
/** Rights that live side by side in one run. */
const rightsAtOnce = 6;
/**
 * Nothing fails here, no lease is lost, and workers look without being woken: what the checker lets pass (a sweep and a call) comes
 * to one turn of a worker, which takes 0.2 s on a busy machine.
 */
const latestMs = 5_000;
/** Nothing happens to the two workers. */
const working: Process = { role: 'worker', up: 0, to: Number.POSITIVE_INFINITY, gone: Number.POSITIVE_INFINITY, owner: undefined };
const seconds = (count: number) => count as DurationSeconds;

/** One grant: when it is asked for, how long it is agreed to, and what comes before its end. */
const life = fc.record({
  afterMs: fc.integer({ min: 0, max: 2_500 }),
  seconds: fc.integer({ min: 1, max: 4 }),
  fate: fc.constantFrom('expires', 'relinquished', 'revoked', 'revoked at once'),
  patienceMs: fc.integer({ min: 0, max: 2_500 }),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

let stack: AsyncDisposableStack;
let world: World;
let target: Awaited<ReturnType<typeof postgresTarget>>;
let carol: Caller;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  target = stack.use(await postgresTarget());
  const roles = stack.use(target.integration({ name: 'roles' }));
  world = stack.use(await createWorld({ besides: [roles] }));
  carol = await world.caller('carol');
  const { db, pool, deps, hands, messenger, jobs } = world;
  const store = createStore({ db, pool, removals: pool, gives: pool });
  const second = createWork({ ...deps, store, background: store, messenger, jobs, hands: { ...hands, store }, escalateAfter: undefined });
  for (const work of [world.work, second]) keepWorking(work);
});
afterAll(() => stack.disposeAsync());

/** Both lanes again and again, each by itself. */
function keepWorking(work: Work): void {
  const state = { isOver: false };
  const turning = ([() => work.take(), () => work.give()] as const).map(async (turn) => {
    while (!state.isOver) {
      await turn();
      await sleep(20);
    }
  });
  stack.defer(async () => {
    state.isOver = true;
    await Promise.all(turning);
  });
}

/** A connection of its own that only looks. */
async function observe(): Promise<{ looks: Look[]; stop(): Promise<void> }> {
  const client = new pg.Client({ connectionString: target.url });
  await client.connect();
  const looks: Look[] = [];
  const state = { isOver: false };
  const looking = (async () => {
    while (!state.isOver) {
      const { rows } = await client.query<Look>(
        `select (extract(epoch from statement_timestamp()) * 1000)::float8 as at, (extract(epoch from clock_timestamp()) * 1000)::float8 as until,
           coalesce(array_agg(m.rolname || ':' || r.rolname), '{}') as held
         from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid where r.rolname = $1`,
        [target.roles[0]],
      );
      looks.push(...rows);
      await sleep(15);
    }
  })();
  return {
    looks,
    async stop() {
      state.isOver = true;
      await looking;
      await client.end();
    },
  };
}

async function live(name: string, index: number, { afterMs, seconds: length, fate, patienceMs }: Life): Promise<void> {
  const { useCases } = world;
  const who = await world.caller(name);
  await sleep(afterMs);
  const asked = await useCases.submitRequest(who, {
    right: { service: 'pg', accessType: 'role', resource: target.roles[0], integration: 'roles' },
    reason: `overlap ${index}`,
    // Each another, or it would be the same request.
    duration: seconds(60 + index),
    to: undefined,
  });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { id } = asked.value.request;
  const decided = await useCases.decideRequest(carol, id, { kind: 'approve', duration: seconds(length), digest: undefined });
  if (!decided.ok) throw new Error(decided.rejection.code);
  if (fate === 'expires') return;
  if (fate !== 'revoked at once') await sleep(patienceMs);
  // It may have ended by itself.
  if (fate === 'relinquished') await useCases.relinquishGrant(who, id);
  else await useCases.revokeGrant(carol, id, undefined);
}

/** What is on record about these people's grants, once all of them have ended. */
async function readRows(names: readonly string[]) {
  const { pool } = world;
  const read = async () =>
    (
      await pool.query<GrantFacts>(
        `select g.id, g.request_id as request, r.account || ':' || r.resource as right, g.state,
           (extract(epoch from q.decided_at) * 1000)::float8 as from,
           (extract(epoch from coalesce(g.failed_at, g.end_at, g.expires_at, g.latest_end)) * 1000)::float8 as to
         from grants g join rights r on r.org = g.org and r.id = g.right_id join requests q on q.org = g.org and q.id = g.request_id
         where r.account = any($1)`,
        [names],
      )
    ).rows;
  await expect
    .poll(async () => (await read()).filter(({ state }) => state !== 'ended' && state !== 'failed'), { timeout: epsilonMs + 10_000 })
    .toEqual([]);
  const grants = await read();
  const events = await pool.query<Omit<Exported, 'seq'>>(
    `select (extract(epoch from at) * 1000)::float8 as at, action, request_id as request, grant_id as grant, data from audit
     where request_id = any($1) order by id`,
    [grants.map(({ request }) => request)],
  );
  return { grants, events: events.rows.map((event, index) => ({ ...event, seq: index + 1 })) };
}

it(
  'has a right exactly while at least one of its grants does',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(life, { minLength: 2, maxLength: 5 }), { minLength: rightsAtOnce, maxLength: rightsAtOnce }),
        async (stories) => {
          const names = stories.map(() => target.account('overlap'));
          const observer = await observe();
          try {
            await Promise.all(
              stories.flatMap((story, n) => story.map((each, index) => live(names[n] ?? expect.unreachable(), index, each))),
            );
            const { grants, events } = await readRows(names);
            await observer.stop();
            expect(grants).toHaveLength(stories.flat().length);
            expect(observer.looks.some(({ held }) => held.length > 0)).toBe(true);
            expect(observer.looks.at(-1)?.held).toEqual([]);
            const requests = grants.map(({ request }) => ({ id: request, words: request, state: 'approved' }));
            const evidence = { looks: observer.looks, grants, events, requests, troubles: [], lives: [working], history: [], asked: [] };
            const { violations } = check(evidence);
            expect(violations).toEqual([]);
            const late = events.filter(({ action }) => action === 'grant.ended').map(({ data }) => Number(data['latenessMs']));
            expect(Math.max(...late)).toBeLessThan(latestMs);
          } finally {
            await observer.stop().catch(() => undefined);
          }
        },
      ),
      { numRuns: runs, endOnFailure: true },
    );
  },
  60_000 + runs * 30_000,
);
