import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { startNewerWatch } from '../../src/newer-watch.ts';
import { migrate, ping } from '../../src/store/database.ts';
import { fakeTarget } from '../support/fake-target.ts';
import { dropChecks, snapshot } from '../support/strange-rows.ts';
import { createWorld, org, type World } from '../support/world.ts';

// Two releases side by side (I17), told by the older one: what only the newer one knows is left alone, and reported.

let world: World;
let alice: Caller;
let bob: Caller;
let erin: Caller;
beforeEach(async () => {
  world = await createWorld({ besides: [fakeTarget('other', 'other')] });
  [alice, bob, erin] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('erin')]);
});
afterEach(() => world[Symbol.asyncDispose]());

async function ask(who: Caller, resource = 'readonly', service = 'pg', seconds = 3600): Promise<RequestId> {
  const right = { service, accessType: 'role', resource, integration: undefined };
  const asked = await world.useCases.submitRequest(who, { right, reason: 'look', duration: seconds as DurationSeconds, to: undefined });
  if (!asked.ok) throw new Error(asked.rejection.code);
  return asked.value.request.id;
}
async function approve(id: RequestId): Promise<RequestId> {
  const decided = await world.useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest: undefined });
  if (!decided.ok) throw new Error(decided.rejection.code);
  return id;
}
const change = (sql: string, id: RequestId) => world.pool.query(sql, [id]);
const stateOf = async (id: RequestId) => {
  const request = await world.store.request(org, id);
  return request?.state.kind === 'approved' ? request.state.grant.state.kind : request?.state.kind;
};
const held = () => [...world.target.held].sort();

it('reads, lists, sweeps and tells the others where rows are in states of a newer release, and leaves those alone', async () => {
  const [carol, frank, grace, heidi] = await Promise.all(['carol', 'frank', 'grace', 'heidi'].map((name) => world.caller(name)));
  if (!carol || !frank || !grace || !heidi) throw new Error('nobody');
  const escrowed = await ask(erin);
  const paused = await approve(await ask(frank));
  const vaporised = await approve(await ask(grace));
  const shadowed = await approve(await ask(heidi));
  const known = await approve(await ask(bob, 'readonly', 'pg', 60));
  const waiting = await ask(bob, 'readwrite');
  await world.reconcile();
  const took = await world.useCases.relinquishGrant(grace, vaporised);
  expect(took.ok).toBe(true);
  await world.reconcile();
  await world.sweep();
  for (const id of [escrowed, paused, vaporised, shadowed, known, waiting]) await world.work.notify(id);
  await dropChecks(world);
  await change(`update requests set state = 'escrowed' where id = $1`, escrowed);
  await change(`update grants set state = 'paused' where request_id = $1`, paused);
  await change(`update grants set end_kind = 'vaporised' where request_id = $1`, vaporised);
  await change(
    `update rights set observed = 'shadowed', due_at = now() where id = (select right_id from grants where request_id = $1)`,
    shadowed,
  );
  await change(`update rights set due_at = now() where id = (select right_id from grants where request_id = $1)`, paused);
  await world.pool.query(
    `insert into messages (org, request_id, slot, channel, ts, shown) values ('demo', $1, '*hologram*', 'C', '1', '')`,
    [known],
  );
  await world.pool.query(
    `insert into role_bindings (org, role, canonical, source) values ('demo', 'astronaut', 'alice@example.com', 'api')`,
  );
  await world.pool.query(`update api_keys set scopes = scopes || '{astral}'`);
  // More than are read at once, and before all others.
  await world.pool.query(`insert into outbox (org, kind, subject) select 'demo', 'teleport', $1 from generate_series(1, 250)`, [known]);
  const strange = [escrowed, paused, vaporised];
  for (const id of strange) await world.pool.query(`insert into outbox (org, kind, subject) values ('demo', 'notify', $1)`, [id]);
  const before = await snapshot(world, [...strange, shadowed]);

  // Whoever reads, by whatever way.
  const app = await createHttpApp({
    useCases: { ...world.useCases, authenticate: async () => ({ ...alice, via: 'api' }) },
    org,
    log: world.hands.log,
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
  });
  const get = (path: string) => app.inject({ url: `/o/demo/${path}`, headers: { authorization: 'Bearer x' } });
  const listed = await get('permission-requests');
  expect(listed.statusCode).toBe(200);
  const ids = (listed.json() as { items: { id: string }[] }).items.map(({ id }) => id);
  expect(ids.toSorted()).toEqual([shadowed, known, waiting].toSorted());
  for (const id of strange) expect((await get(`permission-requests/${id}`)).statusCode).toBe(404);
  for (const path of [
    `permission-requests/${known}`,
    'settings',
    'settings/roles',
    'audit',
    'api-keys',
    'policy',
    'standing-access',
    'pre-approvals',
  ])
    expect([path, (await get(path)).statusCode]).toEqual([path, 200]);
  await app.close();
  const home = await world.useCases.home(alice);
  expect(home.waiting.requests.map(({ id }) => id)).toEqual([waiting]);
  for (const who of [alice, bob, erin, frank, grace]) await world.useCases.home(who);
  await world.store.vitals();
  const { text } = await world.metrics.read({
    vitals: () => world.store.vitals(),
    queueReachable: async () => true,
    slackReady: () => true,
    clockSkewSeconds: () => 0,
    waiting: () => ({ main: 0, removals: 0 }),
  });
  for (const [table, state, count] of [
    ['grants', 'paused', 1],
    ['outbox', 'teleport', 250],
    ['requests', 'escrowed', 1],
  ])
    expect(text).toContain(`curfew_rows_left_alone{table="${table}",state="${state}"} ${count}`);
  expect(text).toContain('curfew_release_too_old 0');
  // A decision that only the newer release can make is refused, and not half made.
  expect(await world.useCases.decideRequest(carol, escrowed, { kind: 'deny', reason: undefined })).toMatchObject({ ok: false });
  expect(await world.useCases.revokeGrant(alice, paused, undefined)).toMatchObject({ ok: false });

  // Whoever works.
  await world.passTime('61 seconds');
  await world.sweep();
  for (const id of [...strange, known]) await world.work.notify(id);
  await world.sweep();
  expect(await stateOf(known)).toBe('ended');
  expect(await snapshot(world, [...strange, shadowed])).toEqual(before);
  const { rows: lines } = await world.pool.query(
    `select kind, count(*)::int as count, count(sent_at)::int as sent from outbox where kind <> 'notify' group by 1`,
  );
  expect(lines).toEqual([{ kind: 'teleport', count: 250, sent: 0 }]);
  expect(world.lines.filter(({ level }) => level === 'error')).toEqual([]);
  // What was asked for after all those lines is told.
  await approve(waiting);
  await world.work.relay();
  expect(world.woken).toContainEqual(expect.objectContaining({ kind: 'notify', requestId: waiting }));

  {
    await using _ = startNewerWatch(() => world.store.newer(), world.hands.log);
  }
  expect(world.lines.at(-1)).toMatchObject({
    level: 'warn',
    fields: {
      rows: [
        { table: 'grants', state: expect.stringContaining('vaporised'), count: 1 },
        { table: 'grants', state: 'paused', count: 1 },
        { table: 'outbox', state: 'teleport', count: 250 },
        { table: 'requests', state: 'escrowed', count: 1 },
        { table: 'rights', state: expect.stringContaining('shadowed'), count: 1 },
      ],
    },
  });
});

it('leaves a right alone that a grant of a newer release may want, and takes it once that cannot last any longer', async () => {
  const first = await approve(await ask(bob, 'readonly', 'pg', 60));
  await world.reconcile();
  // A second grant of the same right.
  await world.pool.query(`alter table grants disable trigger all`);
  await dropChecks(world);
  const { rows } = await world.pool.query<{ id: string }>(
    `with q as (insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named,
          created_at, approvable_until, state, decided_at, decided_policy, decided_seconds)
        select org, gen_random_uuid(), requestor_id, principal_id, integration, service, access_type, resource, asked_seconds, duration_named,
          created_at, approvable_until, state, decided_at, 'a policy', decided_seconds from requests where id = $1 returning org, id)
      insert into grants (org, id, request_id, right_id, seconds, state, latest_end, provision_until)
      select q.org, gen_random_uuid(), q.id, g.right_id, g.seconds, 'suspended', now() + interval '10 minutes', now()
      from q, grants g where g.request_id = $1 returning id`,
    [first],
  );
  expect(rows).toHaveLength(1);
  const fence = async () => (await world.pool.query(`select fence, due_at <= now() as due from rights`)).rows[0];
  await world.passTime('62 seconds');
  const before = await fence();
  await world.sweep();
  expect(await fence()).toEqual(before);
  expect(before.due).toBe(true);
  expect(held()).toEqual(['bob:readonly']);
  await world.passTime('15 minutes');
  await world.sweep();
  expect(await stateOf(first)).toBe('ended');
  expect(held()).toEqual([]);
});

it('leaves rights at a target that it does not know to others first, and then says that nobody has taken them', async () => {
  const there = await approve(await ask(bob, 'readonly', 'other'));
  await world.pool.query(`alter table rights disable trigger all; alter table accounts disable trigger all`);
  await world.pool.query(`update rights set integration = 'of-tomorrow'`);
  await world.reconcile();
  const attempts = async () => (await world.pool.query<{ attempts: number; fence: string }>(`select attempts, fence from rights`)).rows[0];
  expect(await attempts()).toEqual({ attempts: 0, fence: '0' });
  expect(await stateOf(there)).toBe('planned');
  await world.passTime('31 seconds');
  await world.reconcile();
  expect(await attempts()).toMatchObject({ attempts: 1 });
  expect(world.lines.at(-1)).toMatchObject({ fields: { result: { why: 'no integration named of-tomorrow is configured' } } });
});

it('claims nothing, is not ready and does not start where the schema wants processes that know more', async () => {
  const id = await approve(await ask(bob));
  await world.pool.query(`insert into kysely_migration (name, timestamp) values ('9000-of-a-newer-release', 'now')`);
  await world.pool.query(`update schema_min set migration = 9000`);
  expect(await world.reconcile()).toBe(0);
  expect(held()).toEqual([]);
  await expect(ping(world.db)).rejects.toThrow('migration 9000');
  await expect(migrate(world.database.url, world.hands.log)).rejects.toThrow('migration 9000');
  {
    await using _ = startNewerWatch(() => world.store.newer(), world.hands.log);
  }
  expect(world.lines.at(-1)).toMatchObject({ level: 'error' });
  expect((await world.store.vitals()).newer).toEqual({ isTooOld: true, rows: [] });
  // A newer release that only adds something lets older processes go on.
  await world.pool.query(`update schema_min set migration = 50`);
  await ping(world.db);
  await migrate(world.database.url, world.hands.log);
  await world.reconcile();
  expect(await stateOf(id)).toBe('active');
});
