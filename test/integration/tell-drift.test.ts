import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { Unreachable } from '../../src/app/unreachable.ts';
import type { DriftReport, DriftResponse } from '../../src/domain/drift.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { createWorld, org, type World } from '../support/world.ts';

// What somebody else has changed at a target is told to owners and in the approvers' channel: once, together, and it stays true.

let world: World;
let alice: Caller;
let bob: Caller;
beforeEach(async () => {
  world = await createWorld();
  [alice, bob] = await Promise.all([world.caller('alice'), world.caller('bob')]);
});
afterEach(() => world[Symbol.asyncDispose]());

const answers = (response: DriftResponse) => {
  world.target.watch = { everySeconds: 300, response };
};
async function give(resource = 'readonly'): Promise<void> {
  const right = { service: 'pg', accessType: 'role', resource, integration: undefined };
  const asked = await world.useCases.submitRequest(bob, { right, reason: 'orders', duration: 36_000 as DurationSeconds, to: undefined });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
  expect((await world.useCases.decideRequest(alice, asked.value.request.id, verdict)).ok).toBe(true);
  await world.reconcile();
}
const bring = (what: string) => {
  world.target.held.add(what);
  world.target.marked.add(what);
};
/** The next round, whenever it would be; and what is told of it. */
async function look(): Promise<void> {
  await world.pool.query('update target_rounds set due_at = now(), lease_until = null');
  await world.work.watchDrift();
  await world.work.findOrphans();
  await world.work.tellDrift();
}
const counts = ({ removed, orphans }: DriftReport) => [removed.count, orphans.count];
/** By message: where it is, what it shows, how often it was redrawn. */
const told = () => world.driftTold.map(({ place, report, redrawn }) => [place ?? 'channel', ...counts(report), redrawn]);
const rowsOf = async (table: string) => (await world.pool.query(`select * from ${table}`)).rows;

describe('what somebody else has changed at a target', () => {
  it('is told to owners and in the channel, once, and together', async () => {
    await give();
    await give('readwrite');
    world.target.held.clear();
    bring('mallory:readwrite');
    for (let round = 0; round < 3; round++) await look();
    expect(told()).toEqual([
      ['channel', 2, 1, 0],
      ['alice@example.com', 2, 1, 0],
    ]);
    expect(world.driftTold[0]?.report).toMatchObject({
      integration: 'sample',
      response: 'alert',
      removed: { shown: [{ account: 'bob', accessType: 'role' }, { account: 'bob' }] },
      orphans: { shown: [{ account: 'mallory', resource: 'readwrite', isOurs: true, problem: undefined }] },
    });
  });

  it('is told in the same message for an hour, and in a new one after it', async () => {
    await give();
    await give('readwrite');
    world.target.held.delete('bob:readonly');
    await look();
    expect(told()).toEqual([
      ['channel', 1, 0, 0],
      ['alice@example.com', 1, 0, 0],
    ]);
    world.target.held.clear();
    await look();
    expect(told()).toEqual([
      ['channel', 2, 0, 1],
      ['alice@example.com', 2, 0, 1],
    ]);
    await world.passTime('61 minutes');
    bring('mallory:readwrite');
    await look();
    expect(told().map((each) => each.slice(0, 3))).toEqual([
      ['channel', 2, 0],
      ['alice@example.com', 2, 0],
      ['channel', 0, 1],
      ['alice@example.com', 0, 1],
    ]);
  });

  it('is told as settled once it is, and then forgotten', async () => {
    await give();
    world.target.held.clear();
    await look();
    world.target.held.add('bob:readonly');
    await look();
    expect(told()).toEqual([
      ['channel', 0, 0, 1],
      ['alice@example.com', 0, 0, 1],
    ]);
    expect(await rowsOf('drift_notices')).toHaveLength(1);
    await world.passTime('61 minutes');
    await world.work.tellDrift();
    expect(await rowsOf('drift_notices')).toEqual([]);
    expect(await rowsOf('drift_messages')).toEqual([]);
    expect(world.driftTold).toHaveLength(2);
  });

  it('is forgotten where nobody looks any more, because the integration was taken out of the configuration', async () => {
    await give();
    world.target.held.clear();
    bring('mallory:readwrite');
    await look();
    world.target.held.clear();
    world.target.marked.clear();
    world.target.held.add('bob:readonly');
    for (const table of ['target_rounds', 'drifts', 'orphans', 'drift_notices'])
      await world.pool.query(`update ${table} set integration = 'retired'`);
    const turn = async () => {
      await world.work.watchDrift();
      await world.work.findOrphans();
      await world.work.tellDrift();
    };
    // Another process may still have it.
    await world.passTime('59 minutes');
    await turn();
    expect(told().map(([, ...shown]) => shown.slice(0, 2))).toEqual([
      [1, 1],
      [1, 1],
    ]);
    await world.passTime('10 minutes');
    await turn();
    await turn();
    expect([await rowsOf('drifts'), await rowsOf('orphans')]).toEqual([[], []]);
    expect(world.driftTold.map(({ report }) => [...counts(report), report.response])).toEqual([
      [0, 0, undefined],
      [0, 0, undefined],
    ]);
    const forgotten = (await world.audit()).filter(({ action }) => action === 'target.unwatched');
    expect(forgotten.map(({ data }) => data)).toEqual([{ integration: 'retired', removed: 1, orphans: 1 }]);
    expect(world.lines.filter(({ message }) => message.includes('nobody looks at'))).toHaveLength(1);
  });

  it('says what the last try to remove an orphan came to', async () => {
    answers('repair');
    bring('mallory:readwrite');
    world.target.faults.push({ kind: 'lost' });
    await look();
    expect(world.driftTold[0]?.report).toMatchObject({ response: 'repair', orphans: { shown: [{ problem: expect.any(String) }] } });
    await look();
    expect(told()).toEqual([
      ['channel', 0, 0, 1],
      ['alice@example.com', 0, 0, 1],
    ]);
  });

  it('is nothing that is settled before anybody was told', async () => {
    await give();
    world.target.held.clear();
    vi.spyOn(world.messenger.drift, 'post').mockRejectedValue(new Error('Slack is away'));
    await look();
    vi.restoreAllMocks();
    world.target.held.add('bob:readonly');
    await look();
    await world.passTime('2 minutes');
    await world.work.tellDrift();
    expect(world.driftTold).toEqual([]);
    expect(await rowsOf('drift_messages')).toEqual([]);
  });
});

describe('telling of it', () => {
  it('is done by one worker of several', async () => {
    bring('mallory:readwrite');
    await world.work.findOrphans();
    await Promise.all([world.work.tellDrift(), world.work.tellDrift(), world.work.tellDrift()]);
    await world.work.tellDrift();
    expect(told()).toHaveLength(2);
  });

  it('is tried again where Slack was away, only where it was not told', async () => {
    bring('mallory:readwrite');
    const post = world.messenger.drift.post.bind(world.messenger.drift);
    const tries = vi.spyOn(world.messenger.drift, 'post').mockImplementation(async (notice, place, report, witness) => {
      if (place !== undefined) throw new Error('Slack is away');
      return post(notice, place, report, witness);
    });
    await look();
    expect(told()).toEqual([['channel', 0, 1, 0]]);
    await world.work.tellDrift();
    expect(tries).toHaveBeenCalledTimes(2);
    tries.mockRestore();
    await world.passTime('61 seconds');
    await world.work.tellDrift();
    expect(told().map(([place]) => place)).toEqual(['channel', 'alice@example.com']);
  });

  it('looks for a message that may have been posted, and has it show what is true', async () => {
    bring('mallory:readwrite');
    const post = world.messenger.drift.post.bind(world.messenger.drift);
    vi.spyOn(world.messenger.drift, 'post').mockImplementation(async (...given) => {
      await post(...given);
      throw new Error('the answer got lost');
    });
    await look();
    vi.restoreAllMocks();
    vi.spyOn(world.messenger.drift, 'find').mockImplementation(async (_notice, { place, channel }) => ({
      channel,
      ts: String(world.driftTold.findIndex((each) => each.place === place) + 1),
    }));
    await world.passTime('61 seconds');
    await world.work.tellDrift();
    expect(told()).toEqual([
      ['channel', 0, 1, 1],
      ['alice@example.com', 0, 1, 1],
    ]);
    expect((await rowsOf('drift_messages')).map(({ ts }) => ts)).toEqual(['1', '2']);
  });

  it('leaves those out who cannot be written to', async () => {
    bring('mallory:readwrite');
    const post = world.messenger.drift.post.bind(world.messenger.drift);
    vi.spyOn(world.messenger.drift, 'post').mockImplementation(async (notice, place, report, witness) => {
      if (place !== undefined) throw new Unreachable('the workspace has no member with that e-mail address');
      return post(notice, place, report, witness);
    });
    await look();
    expect(told()).toEqual([['channel', 0, 1, 0]]);
    expect(world.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('reaches the owners of a group once that can be listed, and everybody else at once', async () => {
    await world.pool.query(`insert into group_role_bindings (org, role, name) values ('demo', 'owner', 'local/leads')`);
    const { directories } = world.deps.routing;
    let isAway = true;
    const leads = async () => (isAway ? Promise.reject(new Error('away')) : [bob.person.email]);
    world.deps.routing.directories = (name) => {
      const local = directories(name);
      return local && { ...local, members: leads };
    };
    bring('mallory:readwrite');
    await look();
    expect(told().map(([place]) => place)).toEqual(['channel', 'alice@example.com']);
    isAway = false;
    await world.passTime('61 seconds');
    await world.work.tellDrift();
    expect(told().map(([place]) => place)).toEqual(['channel', 'alice@example.com', 'bob@example.com']);
  });

  it('names nothing new to whoever is no owner any more, and says so once what they know is settled', async () => {
    await world.pool.query(`insert into role_bindings (org, role, canonical, source) values ('demo', 'owner', 'carol@example.com', 'api')`);
    bring('mallory:readwrite');
    await look();
    expect(told().map(([place]) => place)).toEqual(['channel', 'alice@example.com', 'carol@example.com']);
    await world.pool.query(`delete from role_bindings where role = 'owner' and canonical = 'alice@example.com'`);
    bring('trudy:readwrite');
    await look();
    expect(told()).toEqual([
      ['channel', 0, 2, 1],
      ['alice@example.com', 0, 1, 0],
      ['carol@example.com', 0, 2, 1],
    ]);
    world.target.held.clear();
    await look();
    expect(told()).toEqual([
      ['channel', 0, 0, 2],
      ['alice@example.com', 0, 0, 1],
      ['carol@example.com', 0, 0, 2],
    ]);
  });

  it('goes on where there are more owners by now than are written to, and where they cannot all be looked up', async () => {
    bring('mallory:readwrite');
    await look();
    await world.pool.query(`insert into role_bindings (org, role, canonical, source)
      select 'demo', 'owner', 'owner' || n || '@example.com', 'api' from generate_series(1, 20) n`);
    bring('trudy:readwrite');
    await look();
    expect(told()).toEqual([
      ['channel', 0, 2, 1],
      ['alice@example.com', 0, 2, 1],
    ]);
    await world.pool.query(`delete from role_bindings where role = 'owner'`);
    await world.pool.query(`insert into group_role_bindings (org, role, name) values ('demo', 'owner', 'local/leads')`);
    const { directories } = world.deps.routing;
    world.deps.routing.directories = (name) => {
      const local = directories(name);
      return local && { ...local, members: async () => Promise.reject(new Error('away')) };
    };
    bring('victor:readwrite');
    await look();
    expect(told()).toEqual([
      ['channel', 0, 3, 2],
      ['alice@example.com', 0, 3, 2],
    ]);
  });

  it('tells nobody twice whose address is spelled otherwise by now', async () => {
    await world.pool.query(`update role_bindings set shown = 'alice+ops@example.com' where role = 'owner'`);
    bring('mallory:readwrite');
    await look();
    await world.pool.query(`update role_bindings set shown = null where role = 'owner'`);
    bring('trudy:readwrite');
    await look();
    expect(told()).toEqual([
      ['channel', 0, 2, 1],
      ['alice+ops@example.com', 0, 2, 1],
    ]);
  });

  it('is told however much that was told before is still not settled', async () => {
    for (let each = 1; each <= 12; each++) {
      bring(`mallory${each}:readwrite`);
      await look();
      // That time passes is a change of what was found before, as far as a stamp can tell: so many are claimed at once, and these come first.
      await world.work.tellDrift();
      expect(told()).toHaveLength(2 * each);
      await world.passTime('2 hours');
    }
  });

  it('is left to whoever took it over', async () => {
    bring('mallory:readwrite');
    await world.work.findOrphans();
    const [mine] = await world.store.driftNotices.claim(org);
    if (mine === undefined) throw new Error('nothing to tell');
    await world.passTime('61 seconds');
    const [theirs] = await world.store.driftNotices.claim(org);
    expect(await world.store.driftNotices.renew(org, mine)).toBeUndefined();
    await world.store.driftNotices.release(org, mine, 'shown');
    expect(theirs && (await world.store.driftNotices.renew(org, theirs))).toMatchObject({ id: mine.id });
  });
});

it('stands on the home tabs of owners and reviewers', async () => {
  bring('mallory:readwrite');
  await look();
  const homes = await Promise.all(['alice', 'bob', 'carol'].map(async (name) => world.useCases.home(await world.caller(name))));
  expect(homes.map(({ drift }) => drift?.orphans.count)).toEqual([1, undefined, 1]);
  expect(homes.map(({ driftStamp }) => typeof driftStamp)).toEqual(['string', 'undefined', 'string']);
  world.target.held.clear();
  await look();
  expect((await world.useCases.home(alice)).drift).toBeUndefined();
});
