import type pg from 'pg';
import { expect, it, vi } from 'vitest';
import { parseRequestId } from '../../src/domain/ids.ts';
import { must } from '../support/http-app.ts';
import { createWorld, type World } from '../support/world.ts';

/** As long as no connection is old enough for it. */
vi.mock(import('../../src/store/renew-plans.ts'), () => ({ renewPlans: () => undefined }));

// What is prepared while nearly nothing is there keeps its plan until PostgreSQL has counted anew, a minute or more later. Meanwhile
// "of this organisation" is taken for one row, whatever the table holds: nothing may be tried with everything for that.

const many = 1_500;
/** Of all tables and statements together. Each may read a table or two through; two of them with each other would be `many²` rows. */
const mostRead = 100 * many;

it('never reads all with all, while what was prepared on an empty database meets the first crowd', { timeout: 120_000 }, async () => {
  await using world = await createWorld();
  for (let each = 0; each < 16; each++) await access(world, `early${each}`);
  await crowd(world);
  const before = await rowsRead(world);
  await access(world, 'late');
  expect((await rowsRead(world)) - before).toBeLessThan(mostRead);
});

/** From the request to the end of the access, with every message and page on the way. */
async function access(world: World, name: string): Promise<void> {
  const { useCases } = world;
  const [caller, carol] = [await world.caller(name), await world.caller('carol')];
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const asked = await useCases.submitRequest(caller, { right, reason: 'look', duration: undefined, to: undefined });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const id = must(parseRequestId(asked.value.request.id));
  await settle(world);
  const decided = await useCases.decideRequest(carol, id, { kind: 'approve', duration: undefined, digest: undefined });
  if (!decided.ok) throw new Error(decided.rejection.code);
  await settle(world);
  expect((await useCases.relinquishGrant(caller, id)).ok).toBe(true);
  await settle(world);
  const ended = await useCases.readRequest(caller, id);
  expect(ended).toMatchObject({ ok: true, value: { state: { grant: { state: { kind: 'ended' } } } } });
}

async function settle(world: World): Promise<void> {
  await world.sweep();
  const woken = new Set(world.woken.splice(0).flatMap((job) => (job.kind === 'notify' ? [job.requestId] : [])));
  for (const id of woken) await world.work.notify(id);
}

/** Of people who all have the same access, as an hour of many requests leaves it. */
const crowd = ({ pool }: World) =>
  pool.query(`
    begin;
    set local session_replication_role = replica;
    create temporary table crowd on commit drop as select gen_random_uuid() as person, gen_random_uuid() as request, gen_random_uuid() as held,
      'crowd' || n as account from generate_series(1, ${many}) n;
    insert into people (org, id, email, canonical) select 'demo', person, account || '@example.com', account || '@example.com' from crowd;
    insert into accounts (org, integration, account, person_id) select 'demo', 'sample', account, person from crowd;
    insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named,
        created_at, approvable_until, state, decided_at, decided_policy, decided_seconds)
      select 'demo', request, person, person, 'sample', 'pg', 'role', 'readonly', 3600, true, now(), now() + interval '1 day',
        'approved', now(), 'crowd', 3600 from crowd;
    insert into rights (org, id, integration, service, access_type, resource, person_id, account, lane, due_at, baseline, observed, settled_for)
      select 'demo', held, 'sample', 'pg', 'role', 'readonly', person, account, 'take', now() + interval '1 hour', 'absent', 'present', 'present'
        from crowd;
    insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until, granted_at, expires_at)
      select 'demo', gen_random_uuid(), request, held, 3600, 'active', now() + interval '2 hours', now() + interval '1 hour', now(),
        now() + interval '1 hour' from crowd;
    insert into shared_notices (org, request_id, slot, principal_id) select 'demo', request, 'access', person from crowd;
    insert into messages (org, request_id, slot, channel, ts, shown)
      select 'demo', request, slot, 'C', '1', 'x' from crowd, unnest(array['request', 'approval', 'access']) slot;
    commit`);

/** By all statements so far, from tables and indexes. */
async function rowsRead({ pool, removals }: World): Promise<number> {
  await tellAll(pool);
  await tellAll(removals);
  const { rows } = await pool.query<{ read: number }>(
    `select ((select sum(seq_tup_read) from pg_stat_user_tables) + (select sum(idx_tup_read) from pg_stat_user_indexes))::float8 as read`,
  );
  return must(rows[0]).read;
}

/** Each connection keeps to itself what it did a moment ago, until it is asked. */
async function tellAll(pool: pg.Pool): Promise<void> {
  const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  for (const client of held) await client.query('select pg_stat_force_next_flush()');
  for (const client of held) client.release();
}
