/** What the tests of standing access with hours have in common: bob's, and a clock that a test turns on. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { access } from '../../blocks/access.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { createWorld, type World } from './world.ts';

export const right = ['pg', 'role', 'readonly'];

/** A world for the tests of a file, as new for each of them. */
export function standingHours() {
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
    await world.pool.query(`update grants set recurring = $1 where recurring is not null and state in ('planned', 'active')`, [
      text(hours),
    ]);
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
      await world.pool.query<{ action: string }>(`select action from audit where request_id = $1 and action like 'grant.%' order by id`, [
        id,
      ])
    ).rows.map(({ action }) => action);
  const said = async (id: RequestId): Promise<string> => {
    await world.work.notify(id);
    const picture = world.posted.findLast(({ slot }) => slot === 'access')?.picture;
    if (picture === undefined) throw new Error('nothing was posted');
    return JSON.stringify(access({ request: picture.request, usage: picture.usage, secretWaits: picture.secretWaits }));
  };

  return {
    get world(): World {
      return world;
    },
    /** The minute in which the test began, in milliseconds. */
    get base(): number {
      return base;
    },
    /** How many minutes have passed since. */
    get passed(): number {
      return passed;
    },
    /** The hours as they are written by now. */
    get text(): string {
      return text(hours);
    },
    policy,
    run,
    submitted,
    standing,
    pass,
    work,
    isHeld,
    read,
    whole,
    actions,
    said,
  };
}
