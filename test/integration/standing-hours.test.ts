import { describe, expect, it } from 'vitest';
import { standingHours } from '../support/standing-hours.ts';

const at = standingHours();
const { standing, pass, work, isHeld, read, actions } = at;

describe('standing access for recurring hours', () => {
  it('is there in them, is taken away when they close, and comes again, while the grant goes on', async () => {
    const id = await standing(-60, 30);
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'open', closesAt: at.base + 30 * 60_000 } });
    const due = (await at.world.pool.query<{ at: Date }>(`select due_at as at from rights where lane = 'take' and due_at is not null`))
      .rows;
    expect(due.map(({ at }) => at.getTime())).toEqual([at.base + 30 * 60_000]);
    expect(at.world.woken).toContainEqual({ kind: 'due', epochSecond: (at.base + 30 * 60_000) / 1000 });

    await pass(31);
    // The queue and the clerk of the hours may both be away: the sweep of removals alone is enough.
    await at.world.work.take();
    expect(isHeld()).toBe(false);
    expect(await read(id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'closed' } });
    await work();
    expect(await read(id)).toMatchObject({ hours: { state: 'closed', opensAt: at.base + (1440 - 60 - 31) * 60_000 } });
    expect(at.world.target.calls.filter((call) => call.includes('absent')).length).toBeLessThanOrEqual(1);
    const closed = (await at.world.audit()).findLast(({ action }) => action === 'grant.closed');
    expect(closed).toMatchObject({ actor: { kind: 'system' }, data: { leftInPlace: null, sessionsEnded: expect.any(Number) } });
    expect(Number(closed?.data['latenessMs'])).toBeGreaterThan(0);
    expect(Date.parse(String(closed?.data['observedGoneAt']))).toBeGreaterThan(Date.parse(String(closed?.data['closedAt'])));
    expect(await at.world.store.held(at.world.deps.org, (await at.world.caller('bob')).person.id)).toEqual([]);

    await pass(1440 - 91 - 5);
    await work();
    expect(isHeld()).toBe(false);
    await pass(6);
    await at.world.work.give();
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
    expect(at.world.target.calls.filter((call) => call.includes('present'))).toEqual([]);
    expect(await read(id)).toMatchObject({ state: { kind: 'planned' }, hours: { state: 'closed' } });
    await pass(60);
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'open' } });
  });

  it('counts as not given only while its hours are open, at first and later', async () => {
    const notGiven = async () => (await at.world.store.vitals()).notGiven.get('sample');
    const id = await standing(60, 120);
    await at.world.pool.query('alter table requests disable trigger user');
    await at.world.pool.query(`update requests set decided_at = decided_at - interval '1 hour' where id = $1`, [id]);
    await at.world.pool.query('alter table requests enable trigger user');
    await work();
    expect(await notGiven()).toBeUndefined();
    await pass(62);
    expect(await notGiven()).toEqual({ grants: 1, oldestSeconds: expect.closeTo(150, -2) });
    await work();
    expect(await notGiven()).toBeUndefined();
    await pass(60);
    at.world.target.faults.push({ kind: 'refused', permanent: false });
    await work();
    // What is wrong is that it is there still.
    expect(isHeld()).toBe(true);
    expect(await notGiven()).toBeUndefined();
    await pass(1);
    await work();
    expect(isHeld()).toBe(false);
    await pass(1440 - 61);
    expect(await notGiven()).toEqual({ grants: 1, oldestSeconds: expect.closeTo(150, -2) });
    await work();
    expect(isHeld()).toBe(true);
    expect(await notGiven()).toBeUndefined();
  });

  it('has an alarm set for its opening, at which the queue is asked to look at it', async () => {
    await standing(60, 120);
    await work();
    expect(await at.world.store.dueSeconds()).toContain((at.base + 60 * 60_000) / 1000);
    await at.world.pool.query(`delete from outbox`);
    await at.world.work.turnHours();
    const looks = async () => (await at.world.pool.query(`select subject from outbox where kind = 'look'`)).rowCount;
    expect(await looks()).toBe(0);
    await at.world.pool.query(`with g as (
        update grants set opens_at = clock_timestamp() - interval '1 second' where recurring is not null and state = 'planned' returning right_id, opens_at)
      update rights r set due_at = g.opens_at from g where r.id = g.right_id`);
    await at.world.work.turnHours();
    expect(await looks()).toBe(1);
    await at.world.work.give();
    expect(isHeld()).toBe(true);
  });

  it('has failed where the target did not confirm it before they closed', async () => {
    const id = await standing(0, 5);
    at.world.target.faults.push({ kind: 'refused', permanent: false });
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
    await at.world.pool.query(
      `insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named, created_at, approvable_until, state, decided_at, decided_policy, decided_seconds)
      select org, gen_random_uuid(), requestor_id, principal_id, integration, service, access_type, resource, 3600, true, created_at, approvable_until, state, decided_at, decided_policy, 3600 from requests where id = $1`,
      [id],
    );
    await at.world.pool.query(
      `insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until, granted_at, expires_at)
      select g.org, gen_random_uuid(), q.id, g.right_id, 3600, 'active', clock_timestamp() + interval '1 hour', clock_timestamp(), clock_timestamp() - interval '1 second', clock_timestamp() + interval '45 minutes'
      from grants g join requests q on q.org = g.org and q.id <> g.request_id and q.decided_seconds = 3600 and q.state = 'approved' where g.request_id = $1
      and not exists (select from grants o where o.request_id = q.id)`,
      [id],
    );
    await pass(31);
    await work();
    expect(isHeld()).toBe(true);
    expect((await at.world.audit()).findLast(({ action }) => action === 'grant.closed')).toMatchObject({
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
    at.world.target.faults.push({ kind: 'lost' }, { kind: 'throws' }, { kind: 'refused', permanent: true });
    await work();
    expect(await read(id)).toMatchObject({ hours: { state: 'closing', closedAt: expect.any(Number) } });
    await pass(2);
    await work();
    expect(isHeld()).toBe(true);
    expect(await at.world.store.home.overdue(at.world.deps.org, 5)).toMatchObject({ count: 1, shown: [{ request: { id } }] });
    for (let round = 0; isHeld() && round < 10; round++) {
      await pass(1);
      await work();
    }
    expect(isHeld()).toBe(false);
    expect(await read(id)).toMatchObject({ hours: { state: 'closed' } });
    expect(await at.world.store.home.overdue(at.world.deps.org, 5)).toMatchObject({ count: 0 });
    expect((await actions(id)).filter((action) => action === 'grant.closed')).toHaveLength(1);
  });

  it('is right again after days in which nobody worked, in the hours and out of them', async () => {
    const id = await standing(-60, 30);
    await work();
    await pass(3 * 1440);
    await work();
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ hours: { state: 'open', closesAt: at.base + 30 * 60_000 } });
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
    await at.world.pool.query(
      `update grants set recurring = 'Mon 09:00-10:00 Mars/Olympus' where recurring is not null and state = 'active'`,
    );
    await work();
    expect(isHeld()).toBe(false);
    await at.world.passTime('2 days');
    await work();
    expect(isHeld()).toBe(false);
    expect(at.world.lines).toContainEqual(expect.objectContaining({ level: 'error', fields: { grants: 1 } }));
  });
});

it('is there exactly in its hours, in whatever order the parts run and whatever the target does', async () => {
  const random = seeded(20260125);
  const id = await standing(-60, 30);
  await work();
  for (let step = 0; step < 60; step++) {
    // No step comes near an edge by what a busy machine takes.
    await pass(5 * (1 + Math.floor(random() * 80)));
    if (random() < 0.3) at.world.target.faults.push(random() < 0.5 ? { kind: 'lost' } : { kind: 'lost-after' });
    for (let turn = 0; turn < 4; turn++) {
      const part = (['take', 'give', 'turnHours'] as const)[Math.floor(random() * 3)];
      if (part !== undefined) await at.world.work[part]();
    }
    at.world.target.faults.length = 0;
    // Until everything has come to rest: doubt about a lost answer lasts some seconds.
    for (let round = 0; round < 4; round++) {
      await work();
      await at.world.pool.query(`update rights set due_at = due_at - interval '20 seconds', call_started = call_started - interval '20 seconds', quarantine_until = quarantine_until - interval '20 seconds'
        where attempts > 0 or quarantine_until is not null`);
    }
    const minute = (((at.passed + 60) % 1440) + 1440) % 1440;
    const inside = minute < 90;
    expect({ step, passed: at.passed, held: isHeld() }).toEqual({ step, passed: at.passed, held: inside });
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
