import { describe, expect, it } from 'vitest';
import { actionIds, blockIds, rightKey } from '../../blocks/wire.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import type { View } from '../../src/sandbox/slack/state.ts';
import { reject } from '../../src/domain/result.ts';
import { fakeTarget, type FakeTarget } from '../support/fake-target.ts';
import { must } from '../support/http-app.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, org, type World } from '../support/world.ts';

const textOf = (view: View): string => JSON.stringify(view.source);
const elementOf = (view: View, actionId: string) => elementsOf(view.blocks).find(({ element }) => element.action_id === actionId);
const fieldsOf = (view: View): string[] => elementsOf(view.blocks).map(({ element }) => element.action_id);
const isOption = (option: unknown, value: string): boolean => JSON.stringify(option)?.includes(`"value":"${value}"`) === true;

/** A target with as many resources of one type as a large company has. */
function warehouse(count: number): FakeTarget {
  const items = Array.from({ length: count }, (_, index) => ({
    accessType: 'table',
    resource: `t${String(index).padStart(5, '0')}`,
    label: index % 100 === 7 ? `orders of region ${index}` : `measurements ${index}`,
  }));
  return { ...fakeTarget('warehouse', 'lake'), catalog: () => items };
}

async function start(mode: Mode, world: World, more: Partial<UseCases> = {}) {
  const running = await startSlackApp(mode, { ...world.useCases, ...more });
  const { workspace } = running.slack;
  const bob = workspace.as('bob');
  const form = (words: string): Promise<View> => workspace.until(() => bob.views().find((view) => textOf(view).includes(words)), 10_000);
  return { running, workspace, bob, form };
}

function expectNoComplaints({ slack, logged }: RunningSlack): void {
  expect(slack.workspace.warnings).toEqual([]);
  expect(slack.workspace.calls.filter(({ answer }) => answer['ok'] !== true && answer['error'] !== 'hash_conflict')).toEqual([]);
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
}

async function store(world: World, ...policies: readonly Policy[]): Promise<void> {
  await world.store.transaction(async (tx) => {
    await tx.policyBook.lock(org);
    await tx.policyBook.change(
      { kind: 'system' },
      org,
      policies.map((policy) => ({ name: policy.name, policy })),
      false,
    );
  });
}

const platform = { directory: 'local', id: 'platform', label: 'Platform team' };
const byPlatform: Policy = {
  name: 'readonly by the platform team',
  requestor: { type: 'any' },
  resource: {
    type: 'integration',
    service: 'pg',
    accessType: 'role',
    filters: { role: { effect: 'keep', key: 'name', pattern: '^readonly$' } },
  },
  approval: [{ type: 'group', groups: [platform], effect: 'keep', options: { requireReason: true } }],
};
const atOnce: Policy = {
  name: 'tables for everybody',
  requestor: { type: 'any' },
  resource: { type: 'integration', service: 'lake' },
  approval: [{ type: 'persistent' }],
};

describe.each<Mode>(['socket', 'http'])('the request form by %s', (mode) => {
  it('goes from the shortcut over each choice to a request, and says beforehand what will happen', async () => {
    await using world = await createWorld({ besides: [warehouse(200)] });
    await store(world, byPlatform, atOnce);
    const { running, workspace, bob, form } = await start(mode, world);
    await using _ = running;
    await bob.shortcut('request_access');
    const view = await form('Where?');
    expect(fieldsOf(view)).toEqual([actionIds.formIntegration, actionIds.formDuration, blockIds.reason, actionIds.formForOther]);
    await bob.choose(view, actionIds.formIntegration, 'warehouse');
    await form('Which one?');
    await bob.choose(view, actionIds.formResource, 't00007');
    await form('Granted at once');
    // Another integration: what was chosen below it is gone, what was typed beside it stays.
    await bob.choose(view, actionIds.formIntegration, 'sample');
    await workspace.until(() => !textOf(view).includes('Granted at once'));
    expect(await bob.options(view, actionIds.formResource, '')).toMatchObject({ options: [{ value: 'readonly' }] });
    await bob.choose(view, actionIds.formResource, 'readonly');
    await form('To be decided by');
    expect(textOf(view)).toContain('Platform team');
    expect(must(elementOf(view, blockIds.reason)).block).toMatchObject({ optional: false });
    expect((await bob.submit(view)).errors).toEqual({ [blockIds.reason]: 'Please complete this required field.' });
    expect(await bob.submit(view, { [blockIds.reason]: 'look at orders', [actionIds.formDuration]: '3600' })).toEqual({
      errors: {},
      notice: null,
    });
    await form('Request made');
    const [request] = await world.useCases.home(await world.caller('bob')).then((home) => home.requests.requests);
    expect(request).toMatchObject({ permission: { integration: 'sample', resource: 'readonly' }, asked: 3600, reason: 'look at orders' });
    expectNoComplaints(running);
  });

  it('asks until an end, which the database’s clock makes a length of', async () => {
    await using world = await createWorld();
    const { running, workspace, bob, form } = await start(mode, world);
    await using _ = running;
    await bob.command('/access request pg role readonly');
    await workspace.until(() => bob.ephemerals().length > 0);
    await bob.command('/access request pg role');
    const view = await form('Which one?');
    await bob.choose(view, actionIds.formResource, 'readwrite');
    await form('To be decided by');
    expect(fieldsOf(view)).not.toContain(actionIds.formUntil);
    await bob.choose(view, actionIds.formDuration, 'until');
    await form('Until when?');
    const seconds = (await world.store.now()) / 1000;
    await bob.choose(view, actionIds.formUntil, String(Math.floor(seconds + 400 * 86_400)));
    await form('over the maximum');
    expect((await bob.submit(view)).errors).toEqual({ [actionIds.formUntil]: expect.stringContaining('over the maximum of 180 days') });
    expect((await bob.submit(view, { [actionIds.formUntil]: String(Math.floor(seconds - 600)) })).errors).toEqual({
      [actionIds.formUntil]: 'This is over, or too far away. Choose another time.',
    });
    await bob.submit(view, { [actionIds.formUntil]: String(Math.floor(seconds + 7_230)) });
    await form('Request made');
    const { rows } = await world.pool.query(`select asked_seconds as asked from requests where resource = 'readwrite'`);
    expect(rows).toHaveLength(1);
    expect([7_140, 7_200]).toContain(Number(rows[0].asked));
    expectNoComplaints(running);
  });

  it('opens with the link of a message, also where Slack gives us none', async () => {
    await using world = await createWorld();
    const { running, workspace, bob, form } = await start(mode, world);
    await using _ = running;
    await bob.say('orders are wrong again <!channel>', 'general');
    const message = must(bob.messages('general').at(-1));
    await bob.shortcutAt(message, 'request_from_message');
    const view = await form('Which one?');
    expect(must(elementOf(view, blockIds.reason)).element['initial_value']).toContain(message.ts);
    await bob.close(view);
    workspace.faults.next('chat.getPermalink', { error: 'channel_not_found' });
    await bob.shortcutAt(message, 'request_from_message');
    const link = `https://local.slack.com/archives/${message.channel}/p${message.ts.replace('.', '')}\n`;
    expect(must(elementOf(await form('Which one?'), blockIds.reason)).element).toMatchObject({ initial_value: link });
    expect(running.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('asks again for what was asked for before', async () => {
    await using world = await createWorld({ besides: [warehouse(10)] });
    const { running, workspace, bob, form } = await start(mode, world);
    await using _ = running;
    for (const words of ['pg role readonly', 'lake table t00003']) {
      const before = bob.ephemerals().length;
      await bob.command(`/access request ${words}`);
      await workspace.until(() => bob.ephemerals().length > before);
    }
    await bob.command('/access');
    const view = await form('Ask again for');
    await bob.choose(view, actionIds.formAgain, rightKey('warehouse', 'table', 't00003'));
    await form('measurements 3');
    await form('To be decided by');
    await bob.choose(view, actionIds.formAgain, rightKey('sample', 'role', 'readonly'));
    await workspace.until(() =>
      JSON.stringify(must(elementOf(view, actionIds.formIntegration)).element['initial_option']).includes('sample'),
    );
    expect(must(elementOf(view, actionIds.formResource)).element['initial_option']).toMatchObject({ value: 'readonly' });
    expectNoComplaints(running);
  });

  it('asks for somebody else, and tells nothing of them to whoever may not know', async () => {
    await using world = await createWorld();
    const { running, bob, form } = await start(mode, world);
    await using _ = running;
    await bob.command('/access grant pg role --to @dave');
    const view = await form('Who gets the access?');
    expect(must(elementOf(view, actionIds.formTo)).element['initial_user']).toBe(running.slack.workspace.as('dave').id);
    await bob.choose(view, actionIds.formResource, 'readonly');
    await form('you may not look that up for others');
    await bob.submit(view);
    await form('Request made');
    const { rows } = await world.pool.query('select p.email from requests q join people p on p.id = q.principal_id');
    expect(rows).toEqual([{ email: 'dave@example.com' }]);
    expectNoComplaints(running);
  });
});

describe('the request form', () => {
  it('complains at the field of whoever cannot get access', async () => {
    await using world = await createWorld();
    const { running, bob, form } = await start('socket', world);
    await using _ = running;
    await bob.command('/access grant pg role');
    const view = await form('Who gets the access?');
    await bob.choose(view, actionIds.formResource, 'readonly');
    const bot = must([...running.slack.workspace.state.people.values()].find(({ isBot }) => isBot));
    const { errors } = await bob.submit(view, { [actionIds.formTo]: bot.id });
    expect(errors).toEqual({ [actionIds.formTo]: 'This account cannot get access: only members of this workspace can.' });
  });

  it('lets a slow answer come after the acknowledgement', async () => {
    await using world = await createWorld();
    let finish = (): void => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const asking: UseCases['asking'] = {
      ...world.useCases.asking,
      submit: async () => {
        await slow;
        return reject({ code: 'not-allowed' });
      },
    };
    const { running, bob, form } = await start('socket', world, { asking });
    await using _ = running;
    await bob.command('/access');
    const view = await form('Which one?');
    await bob.choose(view, actionIds.formResource, 'readonly');
    await form('To be decided by');
    await bob.submit(view);
    await form('Loading…');
    finish();
    await form('No policy allows this.');
  });

  it('opens from no message that only one person sees, and from nothing that is no message shortcut', async () => {
    await using world = await createWorld();
    const { running, workspace, bob } = await start('http', world);
    await using _ = running;
    await bob.command('/access status');
    await workspace.until(() => bob.ephemerals().length > 0);
    await expect(bob.shortcutAt(must(bob.ephemerals()[0]), 'request_from_message')).rejects.toThrow('no shortcuts');
    await bob.say('hello');
    await expect(bob.shortcutAt(must(bob.messages('general').at(-1)), 'request_access')).rejects.toThrow('no such shortcut');
    await expect(bob.shortcut('request_from_message')).rejects.toThrow('no such shortcut');
    expect(bob.views()).toEqual([]);
  });

  it('makes one request of a submission that is delivered twice', async () => {
    await using world = await createWorld();
    const { running, workspace, bob, form } = await start('http', world);
    await using _ = running;
    await bob.command('/access request pg role');
    const view = await form('Which one?');
    await bob.choose(view, actionIds.formResource, 'readonly');
    await form('To be decided by');
    await bob.submit(view);
    await form('Request made');
    const sent = must(workspace.sent.findLast(({ payload }) => payload['type'] === 'view_submission'));
    await workspace.deliver({ ...sent, payload: { ...sent.payload, trigger_id: 'another' } });
    await running.app[Symbol.asyncDispose]();
    expect((await world.pool.query('select from requests')).rowCount).toBe(1);
  });

  it('tells a fault while it is redrawn by its reference, and offers nothing to strangers', async () => {
    await using world = await createWorld();
    let isBroken = false;
    const asking: UseCases['asking'] = {
      ...world.useCases.asking,
      form: async (...given) => {
        if (isBroken) throw new Error('relation "secrets" does not exist');
        return world.useCases.asking.form(...given);
      },
    };
    const { running, workspace, bob, form } = await start('socket', world, { asking });
    await using _ = running;
    await bob.command('/access');
    const view = await form('Which one?');
    // The same typing by somebody who may not use this.
    await workspace.changePerson('bob', { isRestricted: true });
    await expect.poll(() => bob.options(view, actionIds.formResource, '')).toMatchObject({ options: [] });
    await workspace.changePerson('bob', { isRestricted: false });
    await expect.poll(() => bob.options(view, actionIds.formResource, '')).toMatchObject({ options: [{}, {}] });
    isBroken = true;
    await bob.choose(view, actionIds.formResource, 'readonly');
    await workspace.until(() => JSON.stringify(bob.dm()).includes('the reference is'), 10_000);
    expect(JSON.stringify(bob.dm())).not.toContain('secrets');
    expect(textOf(view)).toContain('Which one?');
  });

  it('offers nothing, rather than an answer that comes too late, where the options hang', async () => {
    await using world = await createWorld();
    let hang = false;
    const asking: UseCases['asking'] = {
      ...world.useCases.asking,
      resources: (...given) => (hang ? new Promise(() => {}) : world.useCases.asking.resources(...given)),
    };
    const { running, bob, form } = await start('socket', world, { asking });
    await using _ = running;
    await bob.command('/access');
    const view = await form('Which one?');
    hang = true;
    expect(await bob.options(view, actionIds.formResource, '')).toMatchObject({ options: [] });
    expect(running.logged).toContainEqual(expect.objectContaining({ message: 'the options of a list were not there in time' }));
  });

  it('finds among 5,000 resources what was meant, best first, at most 100', async () => {
    await using world = await createWorld({ besides: [warehouse(5_000)] });
    const caller = await world.caller('bob');
    const asked = {
      integration: 'warehouse',
      accessType: 'table',
      resource: undefined,
      to: undefined,
      duration: undefined,
      until: undefined,
    };
    const resources: UseCases['asking']['resources'] = (...given) => world.useCases.asking.resources(...given);
    expect(await resources(caller, asked, '')).toHaveLength(100);
    const orders = await resources(caller, asked, 'region 407');
    expect(orders.map(({ resource }) => resource)).toEqual(['t00407', 't01407', 't02407', 't03407', 't04407']);
    expect((await resources(caller, asked, 't04999'))[0]?.resource).toBe('t04999');
    // Nothing may be asked for: everything is looked at.
    await store(world, byPlatform);
    expect(await resources(caller, asked, '')).toEqual([]);
    expect((await world.useCases.asking.form(caller, asked)).forecast).toBeUndefined();
  });

  it('shows the last of two quick choices, whichever is drawn first', async () => {
    await using world = await createWorld({ besides: [warehouse(10)] });
    const { running, bob, form } = await start('socket', world);
    await using _ = running;
    await bob.command('/access');
    const view = await form('Where?');
    await Promise.all(['warehouse', 'sample', 'warehouse', 'sample'].map((name) => bob.choose(view, actionIds.formIntegration, name)));
    const shown = () => elementOf(view, actionIds.formIntegration)?.element['initial_option'];
    await running.slack.workspace.until(() => isOption(shown(), 'sample'));
    // Every choice was acknowledged, and what was drawn for an earlier one does not come after it.
    await running.app[Symbol.asyncDispose]();
    expect(shown()).toMatchObject({ value: 'sample' });
    expectNoComplaints(running);
  });
});
