import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { access } from '../../blocks/access.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { requestDetailJson } from '../../src/http/request-detail-json.ts';
import { requestDetailSchema } from '../../src/http/request-detail-schema.ts';
import { requestSchema } from '../../src/http/request-schema.ts';
import { requestJson } from '../../src/http/reply-json.ts';
import { requestText } from '../../src/http/request-text.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let base: number;
let passed: number;
let hours: readonly [from: number, to: number];
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await world.pool.query('delete from policies; delete from settings; delete from pre_approvals');
  await world.pool.query(`update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`);
  await world.pool.query(`update requests set created_at = created_at - interval '1 hour'`);
  await world.pool.query(`update grants set state = 'failed', failed_at = clock_timestamp(), why = 'of another test', end_kind = null, end_at = null
    where state in ('planned', 'active', 'ending')`);
  await world.pool.query(
    `update rights set due_at = null, observed = 'unknown', baseline = null, lease_owner = null, attempts = 0, quarantine_until = null`,
  );
  world.target.held.clear();
  world.target.faults.length = 0;
  world.lines.length = 0;
  world.posted.length = 0;
  const settings = { ...defaultSettings, standingAccess: { time: 180, unit: 'd' } };
  await world.pool.query(`insert into settings (org, document) values ('demo', $1)`, [settings]);
  await policy({ name: 'standing', approval: [{ type: 'persistent' }] });
  // A minute of the clock, so that hours, which have no seconds, begin and end a whole number of minutes from it.
  base = Math.floor((await world.store.now()) / 60_000) * 60_000;
  passed = 0;
});

const policy = (document: object) =>
  world.pool.query(
    `insert into policies (org, name, document) values ('demo', $1, $2) on conflict (org, name) do update set document = excluded.document`,
    [Reflect.get(document, 'name'), { requestor: { type: 'any' }, resource: { type: 'any' }, ...document }],
  );
const clock = (minutes: number): string => new Date(base + minutes * 60_000).toISOString().slice(11, 16);
const text = ([from, to]: readonly [number, number]): string => `daily ${clock(from - passed)}-${clock(to - passed)} UTC`;
const run = async (who: string, argv: readonly string[]) => world.useCases.runCommand(await world.caller(who), argv, '/access');
const right = ['pg', 'role', 'readonly'];
const submitted = async (...more: string[]) => {
  const result = await run('bob', ['request', ...right, ...more]);
  if (!result.ok || result.value.kind !== 'submitted') throw new Error(JSON.stringify(result));
  return result.value;
};
/** Standing access, every day so many minutes from the beginning of the test. */
const standing = async (from: number, to: number): Promise<RequestId> => {
  hours = [from, to];
  const { request } = await submitted('--window', text(hours));
  return request.id;
};
/** As though so much time had passed: the rows are moved, and so are the hours, which go by the clock on the wall. */
const pass = async (minutes: number): Promise<void> => {
  await world.passTime(`${minutes} minutes`);
  passed += minutes;
  await world.pool.query(`update grants set recurring = $1 where recurring is not null and state in ('planned', 'active')`, [text(hours)]);
};
const work = async () => {
  await world.work.turnHours();
  await world.reconcile();
};
const isHeld = () => world.target.held.has('bob:readonly');
const read = async (id: RequestId) => {
  const found = await world.useCases.readRequest(await world.caller('bob'), id);
  if (!found.ok || found.value.state.kind !== 'approved') throw new Error(JSON.stringify(found));
  return found.value.state.grant;
};
const whole = async (id: RequestId) => {
  const found = await world.useCases.history.read(await world.caller('bob'), id);
  if (!found.ok) throw new Error(JSON.stringify(found));
  return found.value;
};
const actions = async (id: RequestId): Promise<string[]> =>
  (
    await world.pool.query<{ action: string }>(`select action from audit where request_id = $1 and action like 'grant.%' order by id`, [id])
  ).rows.map(({ action }) => action);
const said = async (id: RequestId): Promise<string> => {
  await world.work.notify(id);
  const picture = world.posted.findLast(({ slot }) => slot === 'access')?.picture;
  if (picture === undefined) throw new Error('nothing was posted');
  return JSON.stringify(access({ request: picture.request, usage: picture.usage, secretWaits: picture.secretWaits }));
};

describe('standing access for recurring hours', () => {
  it('is there in them, is taken away when they close, and comes again, while the grant goes on', async () => {
    const id = await standing(-60, 30);
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'open', closesAt: base + 30 * 60_000 } });
    const due = (await world.pool.query<{ at: Date }>(`select due_at as at from rights where lane = 'take' and due_at is not null`)).rows;
    expect(due.map(({ at }) => at.getTime())).toEqual([base + 30 * 60_000]);
    expect(world.woken).toContainEqual({ kind: 'due', epochSecond: (base + 30 * 60_000) / 1000 });

    await pass(31);
    // The queue and the clerk of the hours may both be away: the sweep of removals alone is enough.
    await world.work.take();
    expect(isHeld()).toBe(false);
    expect(await read(id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'closed' } });
    await work();
    expect(await read(id)).toMatchObject({ hours: { state: 'closed', opensAt: base + (1440 - 60 - 31) * 60_000 } });
    expect(world.target.calls.filter((call) => call.includes('absent')).length).toBeLessThanOrEqual(1);
    const closed = (await world.audit()).findLast(({ action }) => action === 'grant.closed');
    expect(closed).toMatchObject({ actor: { kind: 'system' }, data: { leftInPlace: null, sessionsEnded: expect.any(Number) } });
    expect(Number(closed?.data['latenessMs'])).toBeGreaterThan(0);
    expect(Date.parse(String(closed?.data['observedGoneAt']))).toBeGreaterThan(Date.parse(String(closed?.data['closedAt'])));
    expect(await world.store.held(world.deps.org, (await world.caller('bob')).person.id)).toEqual([]);

    await pass(1440 - 91 - 5);
    await work();
    expect(isHeld()).toBe(false);
    await pass(6);
    await world.work.give();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ hours: { state: 'open' } });
    expect(await actions(id)).toEqual(['grant.activated', 'grant.closed', 'grant.opened']);
  });

  it('is set up when they open, however long that is after the approval, and lasts from there', async () => {
    const id = await standing(120, 180);
    await work();
    await pass(60);
    await work();
    expect(isHeld()).toBe(false);
    expect(world.target.calls.filter((call) => call.includes('present'))).toEqual([]);
    expect(await read(id)).toMatchObject({ state: { kind: 'planned' }, hours: { state: 'closed' } });
    await pass(60);
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'open' } });
  });

  it('has an alarm set for its opening, at which the queue is asked to look at it', async () => {
    await standing(60, 120);
    await work();
    expect(await world.store.dueSeconds()).toContain((base + 60 * 60_000) / 1000);
    await world.pool.query(`delete from outbox`);
    await world.work.turnHours();
    const looks = async () => (await world.pool.query(`select subject from outbox where kind = 'look'`)).rowCount;
    expect(await looks()).toBe(0);
    await world.pool.query(`with g as (
        update grants set opens_at = clock_timestamp() - interval '1 second' where recurring is not null and state = 'planned' returning right_id, opens_at)
      update rights r set due_at = g.opens_at from g where r.id = g.right_id`);
    await world.work.turnHours();
    expect(await looks()).toBe(1);
    await world.work.give();
    expect(isHeld()).toBe(true);
  });

  it('has failed where the target did not confirm it before they closed', async () => {
    const id = await standing(0, 5);
    world.target.faults.push({ kind: 'refused', permanent: false });
    await work();
    await pass(6);
    await work();
    await work();
    expect(isHeld()).toBe(false);
    expect(await read(id)).toMatchObject({ state: { kind: 'failed' } });
  });

  it('takes nothing away that another grant gives, and leaves with that one', async () => {
    const id = await standing(-60, 30);
    await work();
    await world.pool.query(
      `insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named, created_at, approvable_until, state, decided_at, decided_policy, decided_seconds)
      select org, gen_random_uuid(), requestor_id, principal_id, integration, service, access_type, resource, 3600, true, created_at, approvable_until, state, decided_at, decided_policy, 3600 from requests where id = $1`,
      [id],
    );
    await world.pool.query(
      `insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until, granted_at, expires_at)
      select g.org, gen_random_uuid(), q.id, g.right_id, 3600, 'active', clock_timestamp() + interval '1 hour', clock_timestamp(), clock_timestamp() - interval '1 second', clock_timestamp() + interval '45 minutes'
      from grants g join requests q on q.org = g.org and q.id <> g.request_id and q.decided_seconds = 3600 and q.state = 'approved' where g.request_id = $1
      and not exists (select from grants o where o.request_id = q.id)`,
      [id],
    );
    await pass(31);
    await work();
    expect(isHeld()).toBe(true);
    expect((await world.audit()).findLast(({ action }) => action === 'grant.closed')).toMatchObject({
      data: { leftInPlace: 'another-grant' },
    });
    expect(await read(id)).toMatchObject({ hours: { state: 'closed' } });
    await pass(20);
    await work();
    expect(isHeld()).toBe(false);
    await pass(1440 - 111 + 2);
    await work();
    expect(isHeld()).toBe(true);
  });

  it('is removed whatever the target does, and is overdue until it is seen to be gone', async () => {
    const id = await standing(-60, 30);
    await work();
    await pass(31);
    world.target.faults.push({ kind: 'lost' }, { kind: 'throws' }, { kind: 'refused', permanent: true });
    await work();
    expect(await read(id)).toMatchObject({ hours: { state: 'closing', closedAt: expect.any(Number) } });
    await pass(2);
    await work();
    expect(isHeld()).toBe(true);
    expect(await world.store.home.overdue(world.deps.org, 5)).toMatchObject({ count: 1, shown: [{ request: { id } }] });
    for (let round = 0; isHeld() && round < 10; round++) {
      await pass(1);
      await work();
    }
    expect(isHeld()).toBe(false);
    expect(await read(id)).toMatchObject({ hours: { state: 'closed' } });
    expect(await world.store.home.overdue(world.deps.org, 5)).toMatchObject({ count: 0 });
    expect((await actions(id)).filter((action) => action === 'grant.closed')).toHaveLength(1);
  });

  it('is right again after days in which nobody worked, in the hours and out of them', async () => {
    const id = await standing(-60, 30);
    await work();
    await pass(3 * 1440);
    await work();
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ hours: { state: 'open', closesAt: base + 30 * 60_000 } });
    await pass(5 * 1440 + 60);
    await work();
    await work();
    expect(isHeld()).toBe(false);
    expect(await read(id)).toMatchObject({ hours: { state: 'closed' } });
  });

  it('stays closed where its hours are not understood, and says so', async () => {
    await standing(-60, 30);
    await work();
    await pass(31);
    await world.pool.query(`update grants set recurring = 'Mon 09:00-10:00 Mars/Olympus' where recurring is not null and state = 'active'`);
    await work();
    expect(isHeld()).toBe(false);
    await world.passTime('2 days');
    await work();
    expect(isHeld()).toBe(false);
    expect(world.lines).toContainEqual(expect.objectContaining({ level: 'error', fields: { grants: 1 } }));
  });

  it('ends when its time is over, and when it is given back, in closed hours too', async () => {
    const id = await standing(-60, 30);
    await work();
    await pass(31);
    await work();
    const bob = await world.caller('bob');
    expect(await world.useCases.relinquishGrant(bob, id)).toMatchObject({ ok: true });
    await work();
    expect(await read(id)).toMatchObject({ state: { kind: 'ended', end: { kind: 'relinquished' } } });
    const other = await standing(-60, 45);
    await work();
    await pass(46);
    await work();
    await world.pool.query(
      `update grants set expires_at = clock_timestamp() - interval '1 second', granted_at = clock_timestamp() - interval '2 seconds'
      where request_id = $1`,
      [other],
    );
    await world.pool.query(`update rights set due_at = clock_timestamp() where due_at is not null`);
    await work();
    expect(await read(other)).toMatchObject({ state: { kind: 'ended', end: { kind: 'expired' } } });
    expect(isHeld()).toBe(false);
  });

  it('is kept for its hours, when it is kept for another term, and for no more', async () => {
    const id = await standing(-60, 30);
    await work();
    const { duration } = await read(id);
    await world.pool.query(`update grants set expires_at = clock_timestamp() + interval '5 hours' where request_id = $1`, [id]);
    await pass(31);
    await work();
    const carol = await world.caller('carol');
    const kept = await world.useCases.standingAccess.keep(carol, id);
    if (!kept.ok) throw new Error(JSON.stringify(kept));
    await work();
    expect(isHeld()).toBe(false);
    expect(await read(kept.value.id)).toMatchObject({
      standing: true,
      state: { kind: 'planned' },
      hours: { text: text(hours), state: 'closed' },
    });
    await pass(1440 - 91 + 1);
    await work();
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ state: { kind: 'ended' } });
    expect(await read(kept.value.id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'open' } });
    expect(duration).toBeGreaterThan(86_400);
    await pass(91);
    await work();
    expect(isHeld()).toBe(false);
  });

  it('is told to programs', async () => {
    const id = await standing(-60, 30);
    await work();
    const shown = async () => {
      const { request } = await whole(id);
      return requestJson(request);
    };
    expect(requestSchema.parse(await shown())).toMatchObject({
      status: 'DONE',
      generated: { account: 'bob' },
      access: { hours: { window: text(hours), state: 'open', closesAt: new Date(base + 30 * 60_000).toISOString() } },
    });
    await pass(31);
    await work();
    expect(requestSchema.parse(await shown())).toMatchObject({ status: 'DONE', generated: {}, access: { hours: { state: 'closed' } } });
    const detail = await whole(id);
    expect(requestDetailSchema.parse(requestDetailJson(detail))).toMatchObject({
      grant: { state: 'active', hours: { state: 'closed' } },
      timeline: expect.arrayContaining([
        expect.objectContaining({ action: 'grant.closed', what: expect.stringContaining('seen to be gone') }),
      ]),
    });
    const list = await run('bob', ['ls', 'pg', 'role']);
    expect(list).toMatchObject({
      value: { items: expect.arrayContaining([expect.objectContaining({ key: 'readonly', isPreexisting: false })]) },
    });
    expect(requestText(detail.request)).toContain('outside its hours until');
  });

  it('is told to its principal', async () => {
    const id = await standing(-60, 30);
    await work();
    expect(await said(id)).toContain('when its hours close');
    await pass(31);
    await work();
    const message = await said(id);
    expect(message).toContain('Outside its hours');
    expect(message).toContain('Relinquish');
    expect(message).toContain('daily ');
    expect(world.posted.filter(({ slot }) => slot === 'access')).toHaveLength(1);
  });
});

describe('a request with hours', () => {
  it('is the same as the first while that is there, and more may be asked for while they are closed', async () => {
    const id = await standing(-60, 30);
    await work();
    expect((await submitted('--window', text(hours))).request.id).toBe(id);
    expect((await submitted()).request.id).toBe(id);
    await policy({ name: 'standing', approval: [{ type: 'p0' }] });
    expect(await run('bob', ['request', ...right])).toMatchObject({ ok: false, rejection: { code: 'standing-exists' } });
    await pass(31);
    await work();
    const more = await submitted();
    expect(more).toMatchObject({ isPreexisting: false, request: { state: { kind: 'pending' } } });
    expect(more.request.id).not.toBe(id);
  });

  it('is refused where it would be no standing access, and leaves nothing', async () => {
    await policy({ name: 'standing', approval: [{ type: 'p0' }] });
    const before = (await world.pool.query('select from requests')).rowCount;
    expect(await run('bob', ['request', ...right, '--window', 'Mon-Fri 09:00-17:00 UTC'])).toMatchObject({
      ok: false,
      rejection: { code: 'invalid-value', field: 'window', why: expect.stringContaining('Only standing access') },
    });
    expect((await world.pool.query('select from requests')).rowCount).toBe(before);
  });
});

it('is there exactly in its hours, in whatever order the parts run and whatever the target does', async () => {
  const random = seeded(20260125);
  const id = await standing(-60, 30);
  await work();
  for (let step = 0; step < 60; step++) {
    // No step comes near an edge by what a busy machine takes.
    await pass(5 * (1 + Math.floor(random() * 80)));
    if (random() < 0.3) world.target.faults.push(random() < 0.5 ? { kind: 'lost' } : { kind: 'lost-after' });
    for (let turn = 0; turn < 4; turn++) {
      const part = (['take', 'give', 'turnHours'] as const)[Math.floor(random() * 3)];
      if (part !== undefined) await world.work[part]();
    }
    world.target.faults.length = 0;
    // Until everything has come to rest: doubt about a lost answer lasts some seconds.
    for (let round = 0; round < 4; round++) {
      await work();
      await world.pool.query(`update rights set due_at = due_at - interval '20 seconds', call_started = call_started - interval '20 seconds', quarantine_until = quarantine_until - interval '20 seconds'
        where attempts > 0 or quarantine_until is not null`);
    }
    const minute = (((passed + 60) % 1440) + 1440) % 1440;
    const inside = minute < 90;
    expect({ step, passed, held: isHeld() }).toEqual({ step, passed, held: inside });
    expect(await read(id)).toMatchObject({ state: { kind: 'active' }, hours: { state: inside ? 'open' : 'closed' } });
  }
  const told = (await actions(id)).filter((action) => action !== 'grant.activated');
  // An opening that follows an opening is one whose closing nobody saw; no closing is told twice.
  expect(told.some((action, index) => action === 'grant.closed' && told[index - 1] === 'grant.closed')).toBe(false);
  expect(told.length).toBeGreaterThan(5);
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
