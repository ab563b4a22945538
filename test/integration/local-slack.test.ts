import type { App } from '@slack/bolt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalSlack, startHttpApp, startLocalSlack, startSocketApp } from '../support/local-slack.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const preset = (value: string) => ({ text: plain(value), value });

const modal = {
  type: 'modal' as const,
  callback_id: 'request',
  title: plain('Request access'),
  submit: plain('Send'),
  notify_on_close: true,
  blocks: [
    { type: 'input', block_id: 'reason', label: plain('Reason'), element: { type: 'plain_text_input', action_id: 'text', min_length: 3 } },
    {
      type: 'input',
      block_id: 'role',
      label: plain('Role'),
      element: {
        type: 'static_select',
        action_id: 'pick',
        options: [preset('readonly'), preset('readwrite')],
        initial_option: preset('readonly'),
      },
    },
    {
      type: 'input',
      block_id: 'resource',
      optional: true,
      label: plain('Resource'),
      element: { type: 'external_select', action_id: 'find', min_query_length: 0 },
    },
  ],
};

const approval = [
  { type: 'section', block_id: 'about', text: { type: 'mrkdwn' as const, text: 'bob asks for *readonly*' } },
  {
    type: 'actions',
    block_id: 'decide',
    elements: [
      { type: 'static_select', action_id: 'duration', options: [preset('1h'), preset('4h')], initial_option: preset('1h') },
      { type: 'button', action_id: 'approve', text: plain('Approve'), value: 'req-1', style: 'primary' as const },
    ],
  },
];

type Heard = { commands: string[]; pressed: unknown[]; submitted: unknown[]; closed: string[] };

function listen(app: App, heard: Heard): void {
  app.command('/access', async ({ command, ack, client, respond }) => {
    heard.commands.push(command.text);
    if (command.text === 'silence') return;
    if (command.text === 'now') return ack({ text: 'at once' });
    await ack();
    if (command.text === 'form') await client.views.open({ trigger_id: command.trigger_id, view: modal });
    if (command.text === 'late') {
      await respond({ text: 'first' });
      await respond({ text: 'to all', response_type: 'in_channel' });
    }
    if (command.text === 'ask') await client.chat.postMessage({ channel: 'C0APPROVAL', text: 'bob asks', blocks: approval });
  });
  app.shortcut('request_access', async ({ shortcut, ack, client }) => {
    await ack();
    await client.views.open({ trigger_id: shortcut.trigger_id, view: modal });
  });
  app.view({ callback_id: 'request', type: 'view_submission' }, async ({ ack, view }) => {
    heard.submitted.push(view.state.values);
    const reason = view.state.values['reason']?.['text']?.value;
    if (reason === 'bad reason') await ack({ response_action: 'errors', errors: { reason: 'Say why.' } });
    else await ack();
  });
  app.view({ callback_id: 'request', type: 'view_closed' }, async ({ ack, view }) => {
    heard.closed.push(view.id);
    await ack();
  });
  app.options('find', async ({ options, ack }) => ack({ options: [preset(`found ${options.value}`)] }));
  app.action('duration', async ({ ack }) => ack());
  app.action('approve', async ({ ack, body, respond }) => {
    await ack();
    if (body.type !== 'block_actions') return;
    heard.pressed.push({ by: body.user.id, state: body.state?.values, value: body.actions[0] });
    await respond({ text: 'approved', replace_original: true });
  });
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [{ type: 'header', text: plain('Your access') }] } });
  });
}

describe.each([
  ['Socket Mode', startSocketApp],
  ['signed HTTP', startHttpApp],
])('a real Bolt app over %s', (_name, startApp) => {
  let slack: LocalSlack;
  let app: AsyncDisposable;
  const heard: Heard = { commands: [], pressed: [], submitted: [], closed: [] };

  beforeAll(async () => {
    slack = await startLocalSlack();
    app = await startApp(slack, (made) => listen(made, heard));
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await slack[Symbol.asyncDispose]();
  });

  it('shows what the acknowledgement of a command carries, to the one who typed it', async () => {
    await slack.workspace.as('bob').command('/access now');
    expect(slack.workspace.as('bob').ephemerals('general').at(-1)?.text).toBe('at once');
    expect(slack.workspace.as('carol').messages('general')).toEqual([]);
  });

  it('sends mentions, links and the three special characters as Slack writes them', async () => {
    await slack.workspace.as('bob').command('/access for @carol in #approvals <b> & bob@example.com https://x.example/?a=1&b=2 @nobody');
    expect(heard.commands.at(-1)).toBe(
      'for <@U0CAROL01|carol> in <#C0APPROVAL|approvals> &lt;b&gt; &amp; <mailto:bob@example.com|bob@example.com> ' +
        '<https://x.example/?a=1&amp;b=2> @nobody',
    );
  });

  it('takes answers at the response_url, to one or to all', async () => {
    const { workspace } = slack;
    await workspace.as('bob').command('/access late');
    await workspace.until(() =>
      workspace
        .as('alice')
        .messages('general')
        .some((message) => message.text === 'to all'),
    );
    expect(workspace.as('bob').ephemerals('general').at(-1)?.text).toBe('first');
    expect(
      workspace
        .as('alice')
        .messages('general')
        .map((message) => message.text),
    ).toEqual(['to all']);
  });

  it('opens a modal by trigger_id, keeps it open on errors, and closes it when all is well', async () => {
    const { workspace } = slack;
    const bob = workspace.as('bob');
    await bob.command('/access form');
    const view = await workspace.until(() => bob.views()[0]);
    expect((await bob.submit(view, {})).errors).toEqual({ reason: 'Please complete this required field.' });
    expect(heard.submitted).toEqual([]);
    expect((await bob.submit(view, { reason: 'no' })).errors).toEqual({ reason: 'Must be at least 3 characters.' });
    expect((await bob.submit(view, { reason: 'bad reason' })).errors).toEqual({ reason: 'Say why.' });
    expect(bob.views()).toHaveLength(1);
    expect(await bob.options(view, 'find', 'pg')).toMatchObject({ options: [preset('found pg')] });
    const found = { type: 'external_select', selected_option: preset('found pg') };
    expect(await bob.submit(view, { reason: 'look at orders', role: 'readwrite', resource: found })).toEqual({ errors: {}, notice: null });
    expect(bob.views()).toEqual([]);
    expect(heard.submitted.at(-1)).toEqual({
      reason: { text: { type: 'plain_text_input', value: 'look at orders' } },
      role: { pick: { type: 'static_select', selected_option: preset('readwrite') } },
      resource: { find: found },
    });
  });

  it('opens a modal by a shortcut and tells the app that it was closed', async () => {
    const { workspace } = slack;
    const dave = workspace.as('dave');
    await dave.shortcut('request_access');
    const view = await workspace.until(() => dave.views()[0]);
    await dave.close(view);
    expect(dave.views()).toEqual([]);
    expect(heard.closed).toContain(view.id);
  });

  it("sends the presser's own choice with a button, and replaces the message by response_url", async () => {
    const { workspace } = slack;
    const [alice, carol] = [workspace.as('alice'), workspace.as('carol')];
    await workspace.as('bob').command('/access ask');
    const message = await workspace.until(() => alice.messages('approvals').at(-1));
    await carol.choose(message, 'duration', '4h');
    await alice.press(message, 'approve');
    const selected = (value: string) => ({ decide: { duration: { type: 'static_select', selected_option: preset(value) } } });
    expect(heard.pressed.at(-1)).toMatchObject({ by: alice.id, state: selected('1h'), value: { action_id: 'approve', value: 'req-1' } });
    await workspace.until(() => alice.messages('approvals').at(-1)?.text === 'approved');
    expect(alice.messages('approvals').at(-1)?.blocks).toEqual([]);
    await expect(carol.press(message, 'approve')).rejects.toThrow('no “approve” there');
    await workspace.as('bob').command('/access ask');
    const second = await workspace.until(() => carol.messages('approvals')[1]);
    await carol.choose(second, 'duration', '4h');
    await carol.press(second, 'approve');
    expect(heard.pressed.at(-1)).toMatchObject({ by: carol.id, state: selected('4h') });
  });

  it('asks for the home tab by an event', async () => {
    const bob = slack.workspace.as('bob');
    await bob.openHome();
    const home = await slack.workspace.until(() => bob.home());
    expect(home.blocks).toMatchObject([{ type: 'header', text: plain('Your access') }]);
    expect(slack.workspace.as('dave').home()).toBeUndefined();
  });

  it('tells the person when the app does not answer within three seconds', async () => {
    const bob = slack.workspace.as('bob');
    await bob.command('/access silence');
    expect(bob.ephemerals('general').at(-1)).toMatchObject({
      user: 'USLACKBOT',
      text: expect.stringMatching(/^\/access failed with the error “(operation_timeout|dispatch_failed)”\.$/),
    });
  });
});

describe('an app that is not there, or not the right one', () => {
  it('fails each command with dispatch_failed', async () => {
    await using slack = await startLocalSlack();
    const bob = slack.workspace.as('bob');
    await bob.command('/access now');
    expect(bob.ephemerals().at(-1)?.text).toContain('dispatch_failed');
  });

  it('is refused by Bolt with 401 where the signature is wrong, old or of another body', async () => {
    await using slack = await startLocalSlack();
    const heard: Heard = { commands: [], pressed: [], submitted: [], closed: [] };
    await using _app = await startHttpApp(slack, (made) => listen(made, heard));
    await slack.workspace.as('bob').command('/access now');
    const sent = slack.workspace.sent.at(-1)!;
    const refused = { kind: 'failed', status: 401 };
    expect(await slack.workspace.deliver(sent, { signingSecret: 'another' })).toMatchObject(refused);
    expect(await slack.workspace.deliver(sent, { timestampSeconds: Math.floor(Date.now() / 1000) - 360 })).toMatchObject(refused);
    expect(await slack.workspace.deliver(sent, { tamperedBody: 'command=%2Faccess&text=now' })).toMatchObject(refused);
    expect(heard.commands).toEqual(['now']);
    expect(await slack.workspace.deliver(sent)).toMatchObject({ kind: 'acked' });
    expect(heard.commands).toEqual(['now', 'now']);
  });

  it('gets envelopes in turn over several sockets, and the link of a cut one again', async () => {
    await using slack = await startLocalSlack();
    const [one, two] = [0, 1].map(() => ({ commands: [], pressed: [], submitted: [], closed: [] }) as Heard);
    await using _first = await startSocketApp(slack, (made) => listen(made, one!));
    await using _second = await startSocketApp(slack, (made) => listen(made, two!));
    const bob = slack.workspace.as('bob');
    for (let count = 0; count < 4; count += 1) await bob.command('/access now');
    expect([one!.commands.length, two!.commands.length]).toEqual([2, 2]);
    slack.workspace.disconnectSockets('cut');
    await slack.workspace.until(() => !slack.workspace.isSocketOpen());
    await bob.command('/access now');
    expect(bob.ephemerals().at(-1)?.text).toContain('dispatch_failed');
  });
});
