import { expect, it } from 'vitest';
import { createReconciler } from '../../src/app/reconcile.ts';
import { createStore } from '../../src/store/index.ts';
import { type FakeTarget, fakeTarget } from '../support/fake-target.ts';
import { createWorld, type World } from '../support/world.ts';

/** I16: a target that does not answer holds up its own rights, and nobody else's. */

const many = 4_500;

/** Rights that nobody asked for, in either lane, the earliest first: how they came to be is of no interest here. */
async function fill({ pool }: World, integration: string, lane: 'give' | 'take', count: number, secondsAgo: number): Promise<void> {
  await pool.query(`
    begin;
    set local session_replication_role = replica;
    with made as (
      insert into rights (org, id, integration, service, access_type, resource, person_id, account, lane, due_at, baseline, observed)
        select 'demo', gen_random_uuid(), '${integration}', 'pg', 'role', 'readonly', gen_random_uuid(), '${integration}' || n, '${lane}',
          now() - interval '${secondsAgo} seconds', 'absent', '${lane === 'take' ? 'present' : 'absent'}' from generate_series(1, ${count}) n
        returning org, id, lane)
    insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until, granted_at, expires_at)
      select org, gen_random_uuid(), gen_random_uuid(), id, 7200, case lane when 'take' then 'active' else 'planned' end, now() + interval '1 day',
        now() + interval '1 hour', case lane when 'take' then now() - interval '2 hours' end, case lane when 'take' then now() - interval '1 minute' end
        from made;
    commit`);
}

/** A target without passwords, which wants no accounts of ours. */
function plain(name: string): FakeTarget {
  const target = fakeTarget(name);
  target.capabilities = { ...target.capabilities, wantsPassword: false };
  return target;
}

/** A target that answers no call before it may. */
function hanging(name: string) {
  const target = plain(name);
  const { promise, resolve } = Promise.withResolvers<void>();
  const underWay: number[] = [];
  const { ensureAbsent, ensurePresent } = target;
  target.ensureAbsent = async (rights, signal) => {
    underWay.push(rights.length);
    await promise;
    return ensureAbsent(rights, signal);
  };
  target.ensurePresent = async (...given) => {
    underWay.push(1);
    await promise;
    return ensurePresent(...given);
  };
  return { target, underWay, answer: resolve };
}

it.each([
  ['take', many, 1_000],
  ['give', 40, 4],
] as const)(
  'a target that hangs with much to %s leaves the others their calls',
  async (lane, count, most) => {
    const slow = hanging('slow');
    const quick = plain('quick');
    await using world = await createWorld({ besides: [slow.target, quick] });
    await fill(world, 'slow', lane, count, 60);
    await fill(world, 'quick', lane, 1, 30);
    const reconciler = createReconciler(world.hands, { wake: async () => undefined });
    const first = reconciler[lane]();
    await expect.poll(() => quick.calls.length, { timeout: 5_000 }).toBeGreaterThan(0);
    // Whoever else is woken in this process does not crowd the slow target either, and is done at once.
    await fill(world, 'quick', lane, 1, 20);
    await reconciler[lane]();
    expect(slow.underWay.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(most);
    slow.answer();
    await first;
    const left = await world.pool.query(`select from rights where lane = $1 and due_at <= now()`, [lane]);
    expect(left.rowCount).toBe(0);
  },
  60_000,
);

it('rights that stay for another grant take no removal its place, and are asked for a few at a time', async () => {
  const slow = hanging('slow');
  const { ensureAbsent } = fakeTarget('slow');
  slow.target.ensureAbsent = ensureAbsent;
  await using world = await createWorld({ besides: [slow.target] });
  await fill(world, 'slow', 'take', 60, 60);
  // Each has another grant that goes on.
  await world.pool.query(`set session_replication_role = replica;
    insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until, granted_at, expires_at)
      select org, gen_random_uuid(), gen_random_uuid(), right_id, 20000, 'active', latest_end, provision_until, granted_at, now() + interval '1 hour' from grants;
    reset session_replication_role`);
  const reconciler = createReconciler(world.hands, { wake: async () => undefined });
  const first = reconciler.take();
  await expect.poll(() => slow.underWay.length).toBeGreaterThan(0);
  await fill(world, 'slow', 'take', 1, 30);
  const second = reconciler.take();
  const gone = async () => (await world.pool.query(`select from grants where state = 'ended' and left_in_place is null`)).rowCount;
  await expect.poll(gone).toBe(1);
  expect(slow.underWay).toHaveLength(4);
  slow.answer();
  await Promise.all([first, second]);
  expect((await world.pool.query(`select from grants where left_in_place = 'another-grant'`)).rowCount).toBe(60);
});

it('what was being given and has ended meanwhile does not wait behind what else is to be given', async () => {
  const slow = hanging('slow');
  const { ensureAbsent } = slow.target;
  const taken: string[] = [];
  slow.target.ensureAbsent = async (rights) => {
    taken.push(...rights.map(({ account }) => account));
    return rights.map(() => ({ result: { kind: 'observed', observed: 'absent' }, sessionsEnded: 0, accountGone: true }));
  };
  await using world = await createWorld({ besides: [slow.target] });
  await fill(world, 'slow', 'give', 40, 60);
  const reconciler = createReconciler(world.hands, { wake: async () => undefined });
  const giving = reconciler.give();
  await expect.poll(() => slow.underWay.length).toBe(4);
  // Five more whose calls were lost, so that they may be there: of two the grant has failed, of two it has expired, of one it goes on.
  const states = ['planned', 'planned', 'active', 'active', 'planned'];
  const over = (state: string, n: number) => {
    const at = n === 4 ? "now() + interval '1 hour'" : 'now()';
    return state === 'active' ? `state = 'active', granted_at = now() - interval '1 hour', expires_at = ${at}` : `provision_until = ${at}`;
  };
  const { rows } = await world.pool.query<{ id: string; account: string }>(
    `select id, account from rights where lease_owner is null order by account limit 5`,
  );
  for (const [n, { id }] of rows.entries())
    await world.pool.query(`update grants set ${over(states[n] ?? '', n)} where right_id = $1`, [id]);
  // What was never called for is not there, and can wait.
  await world.pool.query(`update rights set baseline = null where id = $1`, [rows[0]?.id]);
  await world.work.handOver();
  expect(taken.toSorted()).toEqual(rows.slice(1, 4).map(({ account }) => account));
  const waiting = await world.pool.query(`select account from rights where lane = 'give' and id = any($1)`, [rows.map(({ id }) => id)]);
  expect(new Set(waiting.rows.map(({ account }) => account))).toEqual(new Set([rows[0]?.account, rows[4]?.account]));
  slow.target.ensureAbsent = ensureAbsent;
  slow.answer();
  await giving;
});

it('leaves alone what is not known here as long as others may know it, and what is known and busy', async () => {
  await using world = await createWorld();
  const store = createStore({ db: world.db, pool: world.pool, removals: world.pool, gives: world.pool });
  await fill(world, 'busy', 'take', 1, 3_600);
  await fill(world, 'strange', 'take', 1, 20);
  const targets = { known: ['busy', 'free'], open: ['free'] };
  expect(await store.claim('take', 10, targets)).toEqual([]);
  await fill(world, 'free', 'take', 1, 10);
  await fill(world, 'stranger', 'take', 1, 40);
  expect((await store.claim('take', 10, targets)).map(({ integration }) => integration).toSorted()).toEqual(['free', 'stranger']);
});
