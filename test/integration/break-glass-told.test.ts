import { beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from '../../src/app/request-form.ts';
import { optionKey } from '../../src/domain/option-key.ts';
import { toSeconds } from '../../src/domain/duration.ts';
import { postingKey } from '../../src/domain/posting.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { breakGlass, must, rule } from '../support/break-glass.ts';
import type { World } from '../support/world.ts';

const given = breakGlass();
const { by, store, taken, review } = given;
let world: World;
beforeEach(() => void (world = given.world()));

describe('home tabs', () => {
  it('list what others took, for those who always may review it', async () => {
    const first = await taken();
    const own = await taken('alice');
    const listed = async (name: string) => (await world.useCases.home(by(name))).unreviewed;
    expect(await listed('alice')).toMatchObject({ count: 1, shown: [{ id: first.id }] });
    expect(await listed('carol')).toMatchObject({ count: 2, shown: [{ id: first.id }, { id: own.id }] });
    expect(await listed('dave')).toBeUndefined();
    expect(await listed('bob')).toBeUndefined();
    must(await review('carol', first));
    expect(await listed('alice')).toBeUndefined();
  });

  it('change when something was taken, and when it was reviewed', async () => {
    const { tabs } = world.store.home;
    const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
    for (const name of names) {
      const { org, person } = by(name);
      const drawn = { person: person.id, shown: '', place: '', waiting: [], overdue: undefined, drift: undefined };
      // At the second it is known whose it is.
      for (let at = 0; at < 2; at += 1) await tabs.drawn(org, name, await tabs.begin(org, name), drawn);
    }
    const changed = async (request: PermissionRequest): Promise<readonly string[]> => {
      await world.work.notify(request.id);
      const { rows } = await world.pool.query<{ account: string }>(
        `update homes h set publish_at = null from (select account from homes where publish_at is not null) d where d.account = h.account returning h.account`,
      );
      return rows.map(({ account }) => account).toSorted();
    };
    const request = await taken();
    expect(await changed(request)).toEqual(['alice', 'bob', 'carol']);
    must(await review('dave', request));
    expect(await changed(request)).toEqual(['alice', 'bob', 'carol']);
  });
});

describe('what is told of it', () => {
  const told = (slot: string) => world.posted.filter((each) => each.slot === slot);
  const places = (slot: string) => told(slot).map(postingKey);
  /** What the sweep does by itself when so much time has passed. */
  async function pass(interval: string, { id }: PermissionRequest): Promise<void> {
    await world.passTime(interval);
    await world.work.remind();
    const { rows } = await world.pool.query(`select from outbox where kind = 'notify' and subject = $1`, [id]);
    if (rows.length > 0) await world.work.notify(id);
  }

  it('reaches approvers and owners at once, whoever took it not, and again until it is reviewed', async () => {
    await world.pool.query(`insert into group_role_bindings (org, role, name) values ('demo', 'owner', 'local/platform')`);
    const request = await taken('dave');
    await world.work.notify(request.id);
    expect(places('breakglass')).toEqual(['breakglass', 'breakglass@carol@example.com', 'breakglass@alice@example.com']);
    expect(places('approval')).toEqual([]);
    await world.reconcile();
    await pass('59 minutes', request);
    expect(places('unreviewed')).toEqual([]);
    await pass('1 minute', request);
    expect(places('unreviewed')).toEqual(['unreviewed-1', 'unreviewed-1@carol@example.com', 'unreviewed-1@alice@example.com']);
    expect(told('unreviewed')[0]?.under?.ts).toBe(told('breakglass')[0]?.ts);
    await pass('1 day', request);
    expect(places('unreviewed')).toHaveLength(6);
    must(await review('carol', request));
    await world.work.notify(request.id);
    await pass('2 days', request);
    expect(places('unreviewed')).toHaveLength(6);
    for (const each of [...told('breakglass'), ...told('unreviewed')])
      expect(each.picture.request.breakGlass?.review).toMatchObject({ note: 'It was needed.' });
  });

  it('reaches the channel of the policy, and does not need a directory that is away', async () => {
    world.deps.routing.directories = (name) => ({
      name,
      isMember: async () => Promise.reject(new Error('away')),
      profileProperty: async () => undefined,
      members: async () => Promise.reject(new Error('away')),
    });
    const request = await taken();
    await world.work.notify(request.id);
    expect(places('breakglass')).toEqual(['breakglass', 'breakglass@alice@example.com']);
  });

  it('reaches those who may review it, and can be read by them, where approvers want a length that was not named', async () => {
    await store(rule({ breakGlass: {}, requireDuration: true }));
    const request = await taken();
    await world.work.notify(request.id);
    expect(places('breakglass')).toContain('breakglass@dave@example.com');
    expect(await world.useCases.readRequest(by('dave'), request.id)).toMatchObject({ ok: true });
    must(await review('dave', request));
    must(await world.useCases.revokeGrant(by('dave'), request.id, undefined));
  });

  it('reaches nobody twice whose address is spelled otherwise by now', async () => {
    await world.pool.query(`update role_bindings set shown = 'alice+ops@example.com' where role = 'owner'`);
    const request = await taken();
    await world.work.notify(request.id);
    const first = ['breakglass', 'breakglass@carol@example.com', 'breakglass@dave@example.com', 'breakglass@alice+ops@example.com'];
    expect(places('breakglass')).toEqual(first);
    await world.pool.query(`update role_bindings set shown = null where role = 'owner'`);
    await world.reconcile();
    await pass('1 hour', request);
    expect(places('breakglass')).toEqual(first);
    expect(places('unreviewed')).toEqual([
      'unreviewed-1',
      'unreviewed-1@carol@example.com',
      'unreviewed-1@dave@example.com',
      'unreviewed-1@alice+ops@example.com',
    ]);
  });

  it('reaches the owners of a group once that can be listed, and everybody else at once', async () => {
    await world.pool.query(`insert into group_role_bindings (org, role, name) values ('demo', 'owner', 'local/leads')`);
    const { directories } = world.deps.routing;
    let isAway = true;
    const members = async (id: string) => {
      if (id !== 'leads') return [by('carol').person.email, by('dave').person.email];
      if (isAway) throw new Error('away');
      return [by('erin').person.email];
    };
    world.deps.routing.directories = (name) => {
      const local = directories(name);
      return local && { ...local, members: ({ id }) => members(id) };
    };
    const request = await taken();
    await expect(world.work.notify(request.id)).rejects.toThrow('away');
    const first = ['breakglass', 'breakglass@carol@example.com', 'breakglass@dave@example.com', 'breakglass@alice@example.com'];
    expect(places('breakglass')).toEqual(first);
    isAway = false;
    await world.work.notify(request.id);
    expect(places('breakglass')).toEqual([...first, 'breakglass@erin@example.com']);
  });
});

describe('the form', () => {
  const key = optionKey;
  const asked = {
    integration: key('sample'),
    accessType: key('role'),
    resource: key('readonly'),
    to: undefined,
    duration: undefined,
    until: undefined,
  };
  const form = (name: string, besides: Partial<Asked> = {}) => world.useCases.asking.form(by(name), { ...asked, ...besides });

  it('offers it where a policy opens it, says what will become of it, and when it is owed', async () => {
    expect(await form('bob')).toMatchObject({ breakGlass: 1800, forecast: { kind: 'people' }, reasonRequired: false });
    expect(await form('bob', { breakGlass: true, duration: toSeconds({ time: 5, unit: 'm' }) })).toMatchObject({
      forecast: { kind: 'break-glass', lasts: 300 },
      reasonRequired: true,
    });
    expect(await form('bob', { breakGlass: true, duration: toSeconds({ time: 2, unit: 'h' }) })).toMatchObject({
      forecast: { kind: 'break-glass', lasts: 1800 },
    });
    // Nobody takes it for somebody else, whatever they may look up.
    expect(await form('alice', { breakGlass: true, to: 'bob@example.com' })).toMatchObject({
      breakGlass: undefined,
      forecast: { kind: 'refused', rejection: { code: 'invalid-value', field: 'to' } },
    });
    const too = { breakGlass: true, duration: toSeconds({ time: 365, unit: 'd' }) };
    expect((await form('bob', too)).forecast).toMatchObject({ kind: 'refused', rejection: { code: 'over-maximum' } });
    await taken();
    expect((await form('bob', { breakGlass: true })).forecast).toMatchObject({ kind: 'refused', rejection: { code: 'review-owed' } });
    await store(rule(null));
    expect(await form('erin')).toMatchObject({ breakGlass: undefined, forecast: { kind: 'people' } });
    expect((await form('erin', { breakGlass: true })).forecast).toMatchObject({ kind: 'refused', rejection: { code: 'no-break-glass' } });
    await store(rule(undefined, [{ type: 'persistent' }]));
    expect(await form('erin', { breakGlass: true })).toMatchObject({ breakGlass: undefined, forecast: { kind: 'at-once' } });
  });

  it('takes it', async () => {
    const wish = { ...asked, breakGlass: true, reason: 'stuck' };
    expect(must(await world.useCases.asking.submit(by('bob'), wish)).request.breakGlass).toBeDefined();
  });
});
