import type { App, BlockAction, ViewSubmitAction } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalSlack, startLocalSlack, startSocketApp } from '../support/local-slack.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const option = (value: string) => ({ text: plain(value), value });
const reason = { type: 'input', block_id: 'reason', label: plain('Reason'), element: { type: 'plain_text_input', action_id: 'text' } };
const resource = {
  type: 'input',
  block_id: 'resource',
  label: plain('Resource'),
  dispatch_action: true,
  element: { type: 'static_select', action_id: 'pick', options: [option('pg'), option('aws')] },
};
const role = (...roles: string[]) => ({
  type: 'input',
  block_id: `role-${roles.join('-')}`,
  label: plain('Role'),
  element: { type: 'radio_buttons', action_id: 'role', options: roles.map(option) },
});
const form = (title: string, ...blocks: object[]) => ({
  type: 'modal' as const,
  callback_id: 'form',
  title: plain(title),
  submit: plain('Send'),
  blocks: blocks as never,
});

let slack: LocalSlack;
let app: App & AsyncDisposable;
let answer: Record<string, unknown> | undefined;
let submitted: ViewSubmitAction[];
let pressed: BlockAction[];
let events: string[];

beforeEach(async () => {
  slack = await startLocalSlack({ people: [{ id: 'U0STRANGE', name: 'stranger', teamId: 'T0OTHER01' }] });
  [answer, submitted, pressed, events] = [undefined, [], [], []];
  app = await startSocketApp(slack, (made) => {
    made.command('/access', async ({ ack, client, command }) => {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: form('Form', reason, resource) });
    });
    made.view('form', async ({ ack, body }) => {
      submitted.push(body as ViewSubmitAction);
      await ack(answer as never);
    });
    made.action('pick', async ({ ack, body, client }) => {
      await ack();
      const { view, state } = body as BlockAction;
      pressed.push(body as BlockAction);
      if (view === undefined) return;
      expect(state).toBeDefined();
      await client.views.update({ view_id: view.id, hash: view.hash, view: form('Form', reason, resource, role('readonly')) });
    });
    made.action('go', async ({ ack, body }) => {
      pressed.push(body as BlockAction);
      await ack();
    });
    made.event('user_change', async ({ event }) => {
      events.push(event.user.id);
    });
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await slack[Symbol.asyncDispose]();
});

async function open() {
  const bob = slack.workspace.as('bob');
  await bob.command('/access');
  return { bob, view: await slack.workspace.until(() => bob.views()[0]) };
}

describe('a form that changes while it is filled in', () => {
  it('keeps what was typed in blocks that stay, and shows new ones', async () => {
    const { bob, view } = await open();
    await bob.choose(view, 'text', 'look at orders');
    expect(pressed).toEqual([]);
    await bob.choose(view, 'pick', 'pg');
    await slack.workspace.until(() => view.blocks.length === 3);
    expect((await bob.submit(view)).errors).toEqual({ 'role-readonly': 'Please complete this required field.' });
    await bob.submit(view, { 'role-readonly': 'readonly' });
    expect(submitted[0]?.view.state.values).toMatchObject({
      reason: { text: { value: 'look at orders' } },
      resource: { pick: { selected_option: option('pg') } },
      'role-readonly': { role: { selected_option: option('readonly') } },
    });
  });
});

describe('what the acknowledgement of a submission does', () => {
  const filling = { reason: 'why not', resource: 'aws' };

  it('updates, pushes and clears', async () => {
    const { bob, view } = await open();
    answer = { response_action: 'update', view: form('Second', reason, resource) };
    await bob.submit(view, filling);
    expect(bob.views().map((shown) => shown.source['title'])).toEqual([plain('Second')]);
    answer = { response_action: 'push', view: form('Third') };
    await bob.submit(view, filling);
    expect(bob.views().map((shown) => shown.source['title'])).toEqual([plain('Second'), plain('Third')]);
    answer = { response_action: 'clear' };
    await bob.submit(bob.views()[1]!);
    expect(bob.views()).toEqual([]);
  });

  it.each([
    ['errors at no input', { response_action: 'errors', errors: { nowhere: 'x' } }],
    ['a view that is not one', { response_action: 'update', view: { type: 'modal' } }],
    ['an unknown action', { response_action: 'explode' }],
  ])('shows trouble on %s, keeps the form and warns', async (_what, given) => {
    const { bob, view } = await open();
    answer = given;
    expect((await bob.submit(view, filling)).notice).toBe('We had some trouble connecting. Try again?');
    expect(bob.views()).toHaveLength(1);
    expect(slack.workspace.warnings.at(-1)).toContain('view_submission of form');
  });

  it('shows trouble when the line is cut before the acknowledgement', async () => {
    const { bob, view } = await open();
    app.use(async () => slack.workspace.disconnectSockets('cut'));
    expect((await bob.submit(view, filling)).notice).toContain('trouble connecting');
  });
});

describe('who acts', () => {
  it('sends people of another workspace with their own team, and lets them run no command', async () => {
    const stranger = slack.workspace.as('stranger');
    await expect(stranger.command('/access')).rejects.toThrow('cannot run commands');
    await app.client.chat.postMessage({
      channel: 'C0APPROVAL',
      text: 'x',
      blocks: [{ type: 'actions', elements: [{ type: 'button', action_id: 'go', text: plain('Go') }] }],
    });
    await stranger.press(stranger.messages('approvals')[0]!, 'go');
    expect(pressed[0]).toMatchObject({ user: { id: 'U0STRANGE', team_id: 'T0OTHER01' }, team: { id: 'T0OTHER01' } });
  });

  it('tells the app when an account changes, and stops that account', async () => {
    await slack.workspace.changePerson('dave', { deleted: true });
    await expect.poll(() => events).toContain('U0DAVE001');
    await expect(slack.workspace.as('dave').openHome()).rejects.toThrow('cannot do anything');
  });
});

describe('deliveries by hand', () => {
  it('repeats a delivery with the same envelope, as Slack sometimes does', async () => {
    const { bob, view } = await open();
    await bob.submit(view, { reason: 'once', resource: 'pg' });
    const again = slack.workspace.sent.at(-1)!;
    await slack.workspace.deliver(again, { envelopeId: 'same' });
    await slack.workspace.deliver(again, { envelopeId: 'same' });
    expect(submitted.map((body) => body.view.id)).toEqual([view.id, view.id, view.id]);
  });
});
