import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import type { PlainAsks } from '../../src/app/ask-store.ts';
import type { Caller } from '../../src/app/ports.ts';
import type { Actor, Transaction } from '../../src/app/store.ts';
import type { Submitted, UseCases } from '../../src/app/use-cases.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { reject, type Result } from '../../src/domain/result.ts';
import { after, type Instant } from '../../src/domain/time.ts';
import { openDatabase, openLane } from '../../src/store/database.ts';
import { createStore } from '../../src/store/index.ts';
import { listenOutbox } from '../../src/store/listen.ts';
import { createWorld, org, type World } from '../support/world.ts';

// A request that people have to decide is written down by one statement, if nothing it was judged by has moved.

let world: World;
let alice: Caller;
let bob: Caller;
beforeEach(async () => {
  world = await createWorld();
  [alice, bob] = [await world.caller('alice'), await world.caller('bob')];
});
afterEach(() => world[Symbol.asyncDispose]());

const system: Actor = { kind: 'system' };
const rule = (type: 'p0' | 'deny'): Policy => ({
  name: 'rule',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [{ type }],
});

async function put(policy: Policy): Promise<void> {
  await world.store.transaction(async (tx) => {
    await tx.policyBook.lock(org);
    await tx.policyBook.change(system, org, [{ name: policy.name, policy }], false);
  });
}

async function lowerMaximum(): Promise<void> {
  const hour = { time: 1, unit: 'h' } as const;
  await world.store.transaction(async (tx) => {
    const { settings } = await tx.jitSettings.lock(org);
    await tx.jitSettings.put(
      system,
      org,
      { ...settings, maxAccess: hour },
      { setting: 'maxAccess', before: settings.maxAccess, after: hour },
    );
  });
}

const draftOf = ({ person }: Caller, now: Instant): Parameters<Transaction['addRequest']>[1] => ({
  org,
  requestor: person,
  principal: person,
  keyMakers: [],
  permission: { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' },
  reason: 'a reason',
  asked: 60 as DurationSeconds,
  durationNamed: true,
  createdAt: now,
  approvableUntil: after(now, 3_600 as DurationSeconds),
  outcome: 'ask',
  rules: { version: '0', policies: [] },
});

/** Looks until somebody waits for somebody else's transaction. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await world.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'`,
    );
    if (rows.length > 0) return;
  }
}

type Wish = { by?: Caller; reason?: string; seconds?: number; to?: string; useCases?: UseCases };
function ask({ by = bob, reason = 'a reason', seconds = 60, to, useCases = world.useCases }: Wish = {}): Promise<Result<Submitted>> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  return useCases.submitRequest(by, { right, reason, duration: seconds as DurationSeconds, to });
}

const idOf = (asked: Result<Submitted>): string => (asked.ok ? asked.value.request.id : asked.rejection.code);
const pending = async (): Promise<number> =>
  (await world.pool.query(`select count(*)::int as count from requests where state = 'pending'`)).rows[0].count;

/** The use cases, with something put before the statement. `went`: what the statement came to, each time. */
function before(work: () => Promise<unknown>): { useCases: UseCases; went: boolean[] } {
  const went: boolean[] = [];
  const add: PlainAsks['add'] = async (...given) => {
    await work();
    const added = await world.store.plainAsks.add(...given);
    went.push(added !== undefined);
    return added;
  };
  return { useCases: createUseCases({ ...world.deps, store: { ...world.store, plainAsks: { add } } }), went };
}

describe('two ways to the same request', () => {
  it('give the same row, the same event and the same answer', async () => {
    await put(rule('p0'));
    const plain = before(async () => undefined);
    const never: PlainAsks = { add: async () => undefined };
    const slow = createUseCases({ ...world.deps, store: { ...world.store, plainAsks: never } });
    const seen: object[] = [];
    for (const useCases of [plain.useCases, slow]) {
      const asked = await ask({ useCases, to: 'bob+night@example.com' });
      if (!asked.ok) throw new Error(asked.rejection.code);
      const { id } = asked.value.request;
      expect(await world.store.request(org, id)).toEqual(asked.value.request);
      const { rows } = await world.pool.query(`select * from requests where id = $1`, [id]);
      const events = await world.pool.query(`select action, actor, data from audit where request_id = $1`, [id]);
      const lines = await world.pool.query(`select kind from outbox where subject = $1`, [id]);
      seen.push({
        row: { ...rows[0], id: undefined, created_at: undefined, approvable_until: rows[0].approvable_until - rows[0].created_at },
        events: events.rows,
        lines: lines.rows,
        answer: { ...asked.value, request: undefined },
      });
      await world.useCases.cancelRequest(bob, asked.value.request.id);
    }
    expect(plain.went).toEqual([true]);
    expect(seen[0]).toEqual(seen[1]);
  });

  it('wake whoever waits for the outbox', async () => {
    let heard = Promise.withResolvers<void>();
    await using _ = listenOutbox(world.database.url, () => heard.resolve(), world.deps.routing.log);
    await heard.promise;
    for (const reason of ['one', 'two']) {
      heard = Promise.withResolvers();
      expect((await ask({ reason })).ok).toBe(true);
      await heard.promise;
    }
  });
});

describe('what moved between the judgement and the statement', () => {
  it('policies: it is judged anew, by the new ones', async () => {
    await put(rule('p0'));
    const { useCases, went } = before(() => put(rule('deny')));
    expect(await ask({ useCases })).toMatchObject({ ok: false, rejection: { code: 'not-allowed' } });
    expect(went).toEqual([false]);
    expect(await pending()).toBe(0);
  });

  it('the first policy there is: as well', async () => {
    const { useCases, went } = before(() => put(rule('deny')));
    expect(await ask({ useCases })).toMatchObject({ ok: false, rejection: { code: 'not-allowed' } });
    expect(went).toEqual([false]);
  });

  it('settings: it is held to the new ones', async () => {
    const { useCases, went } = before(() => lowerMaximum());
    expect(await ask({ useCases, seconds: 7_200 })).toMatchObject({ ok: false, rejection: { code: 'over-maximum' } });
    expect(await ask({ useCases })).toMatchObject({ ok: true });
    expect(went).toEqual([false, true]);
  });

  it('a window that was opened, an account that became somebody else’s: it is seen', async () => {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    const draft = {
      right,
      to: 'bob@example.com',
      length: 3_600 as DurationSeconds,
      start: undefined,
      end: undefined,
      duration: undefined,
      reason: 'r',
    };
    const window = before(async () => expect((await world.useCases.preApprovals.create(alice, draft)).ok).toBe(true));
    expect(await ask({ useCases: window.useCases })).toMatchObject({ ok: true, value: { isPreapproved: true } });
    // Names of accounts are made of the part before the @.
    const taken = before(() =>
      world.pool.query(`insert into accounts (org, integration, account, person_id) values ($1, 'sample', 'eve', $2)`, [
        org,
        bob.person.id,
      ]),
    );
    expect(await ask({ useCases: taken.useCases, by: await world.caller('eve') })).toMatchObject({
      rejection: { code: 'account-unusable' },
    });
    expect([...window.went, ...taken.went]).toEqual([false, false]);
  });
});

describe('at the same time', () => {
  it('the same thing ten times is one request', async () => {
    const ids = new Set((await Promise.all(Array.from({ length: 10 }, () => ask()))).map(idOf));
    expect(ids.size).toBe(1);
    expect(await pending()).toBe(1);
    expect((await world.audit()).filter((event) => event.action === 'request.submitted')).toHaveLength(1);
  });

  it('of twenty-five things by one person, twenty are open', async () => {
    const asked = await Promise.all(Array.from({ length: 25 }, (_, at) => ask({ reason: `reason ${at}` })));
    expect(asked.filter((each) => each.ok)).toHaveLength(20);
    expect(asked.filter((each) => !each.ok).map(idOf)).toEqual(Array.from({ length: 5 }, () => 'too-many-open'));
    expect(await pending()).toBe(20);
  });

  it('two processes are no different from one', async () => {
    const { log } = world.deps.routing;
    const { db, pool } = openDatabase(world.database.url, log);
    const removals = openLane(world.database.url, log, 'removals');
    try {
      const other = createUseCases({ ...world.deps, store: createStore({ db, pool, removals, gives: pool }) });
      const wishes = Array.from({ length: 30 }, (_, at) => ({
        reason: `reason ${at >> 1}`,
        useCases: at % 2 === 0 ? world.useCases : other,
      }));
      const ids = (await Promise.all(wishes.map(ask))).map(idOf);
      expect(new Set(ids).size).toBe(15);
      expect(ids.filter((_, at) => at % 2 === 0)).toEqual(ids.filter((_, at) => at % 2 === 1));
      const more = await Promise.all(wishes.map((wish, at) => ask({ ...wish, reason: `another ${at}` })));
      expect(more.filter((each) => each.ok)).toHaveLength(5);
      expect(await pending()).toBe(20);
    } finally {
      await db.destroy();
      await removals.end();
    }
  });

  it('waits for a transaction of the same person, and then finds what it did', async () => {
    const locked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const first = world.store.transaction(async (tx) => {
      await tx.lockPerson(org, bob.person.id);
      const id = await tx.addRequest(system, draftOf(bob, await tx.now()));
      locked.resolve();
      await gate.promise;
      return id;
    });
    await locked.promise;
    const plain = before(async () => undefined);
    const second = ask({ useCases: plain.useCases });
    await somebodyWaits();
    gate.resolve();
    expect(idOf(await second)).toBe(await first);
    expect(plain.went).toEqual([false]);
    expect(await pending()).toBe(1);
  });

  it('a transaction that was refused leaves the way free', async () => {
    const locked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const refused = world.store.transaction(async (tx) => {
      await tx.lockPerson(org, bob.person.id);
      locked.resolve();
      await gate.promise;
      return reject({ code: 'not-found' });
    });
    await locked.promise;
    const plain = before(async () => undefined);
    const asked = ask({ useCases: plain.useCases });
    await somebodyWaits();
    gate.resolve();
    expect((await refused).ok).toBe(false);
    expect((await asked).ok).toBe(true);
    // Nobody waits in the statement, where others would wait as well: it was a transaction.
    expect(plain.went).toEqual([false]);
  });
});

describe('asks of different people', () => {
  const callers = (names: readonly string[]): Promise<Caller[]> => Promise.all(names.map((name) => world.caller(name)));

  it('share statements, and each has its own row, event, line and answer', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `user${at}`);
    const plain = before(async () => undefined);
    const asked = await Promise.all((await callers(names)).map((by, at) => ask({ by, reason: `reason ${at}`, useCases: plain.useCases })));
    expect(plain.went).toEqual(names.map(() => true));
    const { rows } = await world.pool.query(
      `select q.id, p.email, q.reason, (select count(*)::int from audit a where a.request_id = q.id and a.data->>'reason' = q.reason) as events,
        (select count(*)::int from outbox o where o.subject = q.id) as lines
       from requests q join people p on p.id = q.requestor_id`,
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    expect(rows).toHaveLength(names.length);
    expect(asked.map((each) => byId.get(idOf(each)))).toMatchObject(
      names.map((name, at) => ({ email: `${name}@example.com`, reason: `reason ${at}`, events: 1, lines: 1 })),
    );
    const { rows: commits } = await world.pool.query('select count(distinct xmin::text)::int as count from requests');
    expect(commits[0].count).toBeLessThan(names.length / 2);
  });

  it('do not wait for the one whose row somebody holds, and do not fall with it', async () => {
    const [dora, erin, fay] = await callers(['dora', 'erin', 'fay']);
    const locked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const holding = world.store.transaction(async (tx) => {
      await tx.lockPerson(org, bob.person.id);
      locked.resolve();
      await gate.promise;
    });
    await locked.promise;
    const held = ask();
    const others = await Promise.all([dora, erin, fay].map((by) => ask(by === undefined ? {} : { by })));
    expect(others.map(({ ok }) => ok)).toEqual([true, true, true]);
    gate.resolve();
    await holding;
    expect((await held).ok).toBe(true);
  });

  it('that the database says no to together are tried one by one', async () => {
    const people = await callers(['dora', 'erin', 'fay', 'gus']);
    await world.pool.query(`alter table requests add constraint unloved check (reason <> 'unloved')`);
    const settled = await Promise.allSettled(people.map((by, at) => ask({ by, reason: at === 2 ? 'unloved' : 'fine' })));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(await pending()).toBe(3);
  });
});

it('within a call that must not be carried out twice, that call is marked in the same transaction', async () => {
  const claim = await world.store.idempotency.claim(org, randomBytes(32), randomBytes(32));
  if (claim.kind !== 'mine') throw new Error('not mine');
  const plain = before(async () => undefined);
  const asked = await new Promise<Result<Submitted>>((resolve, fail) =>
    claim.call.within(() => void ask({ useCases: plain.useCases }).then(resolve, fail)),
  );
  expect(asked.ok).toBe(true);
  expect(plain.went).toEqual([false]);
  const { rows } = await world.pool.query(
    `select k.acted_at is not null as acted, k.xmin = q.xmin as together from idempotency_keys k, requests q`,
  );
  expect(rows).toEqual([{ acted: true, together: true }]);
});
