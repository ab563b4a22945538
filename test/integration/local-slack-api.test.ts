import { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalSlack, startLocalSlack, TOKENS } from '../support/local-slack.ts';

type Answer = Record<string, unknown> & { ok: boolean; error?: string; response_metadata?: { messages?: string[] } };

let slack: LocalSlack;
let nowMs = Date.parse('2030-01-01T00:00:00Z');

beforeAll(async () => {
  slack = await startLocalSlack({
    now: () => nowMs,
    people: [
      { id: 'U0GONE001', name: 'gone', deleted: true },
      { id: 'U0STRANGE', name: 'stranger', teamId: 'T0OTHER01' },
    ],
    channels: [
      { id: 'C0SECRET1', name: 'secret', members: ['U0ALICE01'], isPrivate: true },
      { id: 'C0OPEN001', name: 'open', members: ['U0ALICE01'] },
    ],
  });
});
afterAll(async () => slack[Symbol.asyncDispose]());

async function call(method: string, args: Record<string, unknown> = {}, token: string = TOKENS.botToken): Promise<Answer> {
  const response = await fetch(`${slack.url}/sandbox/slack/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` },
    body: JSON.stringify(args),
  });
  return (await response.json()) as Answer;
}

const client = () => new WebClient(TOKENS.botToken, { slackApiUrl: `${slack.url}/sandbox/slack/api/`, retryConfig: { retries: 0 } });
const plain = (text: string) => ({ type: 'plain_text', text });
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const modal = (title = 'A form', more: object = {}) => ({ type: 'modal', title: plain(title), blocks: [section('hello')], ...more });
const home = { type: 'home', blocks: [section('hello')] };

/** A trigger_id as an app gets it, for bob. */
async function trigger(): Promise<string> {
  await slack.workspace.as('bob').command('/access x');
  return String(slack.workspace.sent.at(-1)?.payload['trigger_id']);
}

describe('tokens and methods', () => {
  it('tells who the token is, from a header or from a form field', async () => {
    expect(await client().auth.test()).toMatchObject({ ok: true, user_id: 'U0CURFEW1', bot_id: 'B0CURFEW1', team_id: 'T0LOCAL01' });
    const body = new URLSearchParams({ token: TOKENS.botToken });
    const response = await fetch(`${slack.url}/sandbox/slack/api/auth.test`, { method: 'POST', body });
    expect(await response.json()).toMatchObject({ ok: true });
    expect(response.headers.get('x-oauth-scopes')).toContain('users:read.email');
  });

  it.each([
    ['auth.test', 'xoxb-wrong', 'invalid_auth'],
    ['auth.test', TOKENS.appToken, 'not_allowed_token_type'],
    ['apps.connections.open', TOKENS.botToken, 'not_allowed_token_type'],
    ['chat.everything', TOKENS.botToken, 'unknown_method'],
    ['constructor', TOKENS.botToken, 'unknown_method'],
  ])('%s with %s: %s', async (method, token, error) => {
    expect(await call(method, {}, token)).toMatchObject({ ok: false, error });
  });

  it('refuses a websocket without a ticket, and a ticket used twice', async () => {
    const opened = await call('apps.connections.open', {}, TOKENS.appToken);
    const url = String(opened['url']);
    const attempt = (target: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(target);
        socket.onmessage = (event) => {
          resolve(String((JSON.parse(String(event.data)) as { type: string }).type));
          socket.close();
        };
        socket.onerror = () => resolve('refused');
      });
    expect(await attempt(url)).toBe('hello');
    expect(await attempt(url)).toBe('refused');
    expect(await attempt(url.replace(/ticket=.*/, 'ticket=guess'))).toBe('refused');
    await slack.workspace.until(() => !slack.workspace.isSocketOpen());
  });
});

describe('messages', () => {
  it('posts, updates, hides and deletes its own, in a channel and in a DM', async () => {
    const posted = await call('chat.postMessage', { channel: 'C0APPROVAL', text: 'first', blocks: [section('*first*')] });
    const where = { channel: 'C0APPROVAL', ts: posted['ts'] };
    expect(await call('chat.update', { ...where, text: 'second' })).toMatchObject({ ok: true });
    const seen = () => slack.workspace.as('dave').messages('approvals').at(-1);
    expect(seen()).toMatchObject({ text: 'second', blocks: [], edited: true });
    expect(await call('chat.update', where)).toMatchObject({ error: 'no_text' });
    expect(await call('chat.delete', where)).toMatchObject({ ok: true });
    expect(await call('chat.update', { ...where, text: 'third' })).toMatchObject({ error: 'message_not_found' });
    expect(seen()).toBeUndefined();
    const direct = await call('chat.postMessage', { channel: 'U0BOB0001', text: 'to bob' });
    expect(direct['channel']).toBe('D0BOB0001');
    expect(slack.workspace.as('bob').dm().at(-1)?.text).toBe('to bob');
    expect(await call('chat.update', { channel: 'U0BOB0001', ts: direct['ts'], text: 'x' })).toMatchObject({ error: 'channel_not_found' });
  });

  it.each([
    [{ channel: 'C0NOWHERE', text: 'x' }, 'channel_not_found'],
    [{ channel: 'C0SECRET1', text: 'x' }, 'channel_not_found'],
    [{ channel: 'C0OPEN001', text: 'x' }, 'not_in_channel'],
    [{ channel: 'U0GONE001', text: 'x' }, 'user_disabled'],
    [{ channel: 'U0CURFEW1', text: 'x' }, 'cannot_dm_bot'],
    [{ channel: 'C0APPROVAL' }, 'no_text'],
    [{ channel: 'C0APPROVAL', text: 'x'.repeat(40_001) }, 'msg_too_long'],
    [{ channel: 'C0APPROVAL', text: 'x', blocks: '{nonsense' }, 'invalid_blocks_format'],
    [{ channel: 'C0APPROVAL', text: 'x', thread_ts: 'soon' }, 'invalid_thread_ts'],
  ])('refuses %j', async (args, error) => {
    expect(await call('chat.postMessage', args)).toMatchObject({ ok: false, error });
  });

  it('names the wrong block by a JSON pointer, and keeps other hands off', async () => {
    const answer = await call('chat.postMessage', { channel: 'C0APPROVAL', text: 'x', blocks: [section('fine'), section('')] });
    expect(answer).toMatchObject({ ok: false, error: 'invalid_blocks' });
    expect(answer.response_metadata?.messages).toEqual(['[ERROR] must be more than 0 characters [json-pointer:/blocks/1/text/text]']);
    await slack.workspace.as('bob').say('mine', 'approvals');
    const ts = slack.workspace.as('bob').messages('approvals').at(-1)?.ts;
    expect(await call('chat.update', { channel: 'C0APPROVAL', ts, text: 'x' })).toMatchObject({ error: 'cant_update_message' });
    expect(await call('chat.delete', { channel: 'C0APPROVAL', ts })).toMatchObject({ error: 'cant_delete_message' });
  });

  it('accepts blocks without text, and warns', async () => {
    await client().chat.postMessage({ channel: 'C0APPROVAL', blocks: [section('quiet')] as never, text: '' });
    expect(slack.workspace.warnings.at(-1)).toMatch(/approvals: blocks without text/);
  });

  it('shows an ephemeral to one member, and no update reaches it', async () => {
    const shown = await call('chat.postEphemeral', { channel: 'C0APPROVAL', user: 'U0BOB0001', text: 'psst' });
    expect(slack.workspace.as('bob').ephemerals('approvals').at(-1)?.text).toBe('psst');
    expect(
      slack.workspace
        .as('alice')
        .messages('approvals')
        .map((message) => message.text),
    ).not.toContain('psst');
    expect(await call('chat.update', { channel: 'C0APPROVAL', ts: shown['message_ts'], text: 'x' })).toMatchObject({
      error: 'message_not_found',
    });
    expect(await call('chat.postEphemeral', { channel: 'C0APPROVAL', user: 'U0NOBODY1', text: 'x' })).toMatchObject({
      error: 'user_not_in_channel',
    });
  });

  it('keeps the last 200 messages of a channel', async () => {
    for (let count = 0; count < 201; count += 1) await call('chat.postMessage', { channel: 'U0DAVE001', text: `message ${count}` });
    expect(slack.workspace.as('dave').dm()).toHaveLength(200);
    expect(slack.workspace.as('dave').dm()[0]?.text).toBe('message 1');
  });
});

describe('views', () => {
  it('spends a trigger once, within three seconds', async () => {
    const first = await trigger();
    expect(await call('views.open', { trigger_id: first, view: modal() })).toMatchObject({ ok: true });
    expect(await call('views.open', { trigger_id: first, view: modal() })).toMatchObject({ error: 'exchanged_trigger_id' });
    const late = await trigger();
    nowMs += 3001;
    expect(await call('views.open', { trigger_id: late, view: modal() })).toMatchObject({ error: 'expired_trigger_id' });
    expect(await call('views.open', { trigger_id: 'guess', view: modal() })).toMatchObject({ error: 'invalid_trigger_id' });
  });

  it('stacks three modals, and refuses the fourth and a stale hash', async () => {
    for (const view of slack.workspace.as('bob').views()) await slack.workspace.as('bob').close(view);
    expect(await call('views.push', { trigger_id: await trigger(), view: modal() })).toMatchObject({ error: 'not_found' });
    const opened = await call('views.open', { trigger_id: await trigger(), view: modal() });
    const { id, hash } = opened['view'] as { id: string; hash: string };
    await call('views.push', { trigger_id: await trigger(), view: modal() });
    const third = await call('views.push', { trigger_id: await trigger(), view: modal() });
    expect(third['view']).toMatchObject({ root_view_id: id });
    expect(await call('views.push', { trigger_id: await trigger(), view: modal() })).toMatchObject({ error: 'push_limit_reached' });
    expect(await call('views.update', { view_id: id, hash, view: modal('Second') })).toMatchObject({ ok: true });
    expect(await call('views.update', { view_id: id, hash, view: modal('Third') })).toMatchObject({ error: 'hash_conflict' });
    expect(await call('views.update', { view_id: 'VNOTTHERE', view: modal() })).toMatchObject({ error: 'not_found' });
  });

  it.each([
    [modal('a title that is far too long'), '[ERROR] must be less than 25 characters [json-pointer:/view/title/text]'],
    [modal('Form', { colour: 'red' }), '[ERROR] invalid additional property: colour [json-pointer:/view]'],
    [home, '[ERROR] must be a modal view [json-pointer:/view/type]'],
  ])('refuses a wrong view', async (view, message) => {
    const answer = await call('views.open', { trigger_id: await trigger(), view });
    expect(answer).toMatchObject({ ok: false, error: 'invalid_arguments', response_metadata: { messages: [message] } });
  });

  it('publishes a home tab per person', async () => {
    expect(await call('views.publish', { user_id: 'U0CAROL01', view: home })).toMatchObject({ ok: true });
    expect(await call('views.publish', { user_id: 'U0CAROL01', view: home, hash: 'old' })).toMatchObject({ error: 'hash_conflict' });
    expect(await call('views.publish', { user_id: 'U0NOBODY1', view: home })).toMatchObject({ error: 'user_not_found' });
    expect(slack.workspace.as('carol').home()).toBeDefined();
  });
});

describe('people and conversations', () => {
  it('finds people by id and address, but not those who left or belong elsewhere', async () => {
    const found = await client().users.lookupByEmail({ email: 'Alice@example.com' });
    expect(found.user).toMatchObject({ id: 'U0ALICE01', profile: { email: 'alice@example.com' } });
    expect(await call('users.lookupByEmail', { email: 'gone@example.com' })).toMatchObject({ error: 'users_not_found' });
    expect(await call('users.lookupByEmail', { email: 'stranger@example.com' })).toMatchObject({ error: 'users_not_found' });
    expect(await call('users.info', { user: 'U0GONE001' })).toMatchObject({ user: { deleted: true } });
    expect(await call('users.info', { user: 'U0STRANGE' })).toMatchObject({ user: { is_stranger: true, team_id: 'T0OTHER01' } });
    expect(await call('users.info', { user: 'U0NOBODY1' })).toMatchObject({ error: 'user_not_found' });
  });

  it('lists in pages, and what the bot may see only', async () => {
    const names: unknown[] = [];
    for await (const page of client().paginate('conversations.list', { types: 'public_channel,private_channel', limit: 2 })) {
      names.push(...(page as unknown as { channels: { name: string }[] }).channels.map((channel) => channel.name));
    }
    expect(names).toEqual(['general', 'approvals', 'open']);
    expect(await call('users.conversations')).toMatchObject({ channels: [{ name: 'approvals' }] });
    expect(await call('conversations.info', { channel: 'C0SECRET1' })).toMatchObject({ error: 'channel_not_found' });
    expect(await call('conversations.members', { channel: 'C0APPROVAL' })).toMatchObject({
      members: expect.arrayContaining(['U0CURFEW1']),
    });
    expect(await call('conversations.open', { users: 'U0GONE001' })).toMatchObject({ error: 'user_disabled' });
    expect(await call('conversations.open', { users: 'U0ALICE01' })).toMatchObject({ ok: true, channel: { id: 'D0ALICE01' } });
  });
});

describe('response_url', () => {
  const post = (url: string, body: object) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

  it('works five times within thirty minutes', async () => {
    await trigger();
    const url = String(slack.workspace.sent.at(-1)?.payload['response_url']);
    for (let count = 0; count < 5; count += 1) expect((await post(url, { text: 'hi' })).status).toBe(200);
    expect(await (await post(url, { text: 'hi' })).json()).toMatchObject({ error: 'used_url' });
    await trigger();
    const late = String(slack.workspace.sent.at(-1)?.payload['response_url']);
    nowMs += 31 * 60_000;
    expect((await post(late, { text: 'hi' })).status).toBe(404);
    expect((await post(`${slack.url}/sandbox/slack/response/guess`, { text: 'hi' })).status).toBe(404);
  });
});

describe('faults to come', () => {
  it('fails as told, once', async () => {
    const { faults } = slack.workspace;
    faults.next('chat.postMessage', { lostReply: true });
    const before = slack.workspace.as('bob').dm().length;
    await expect(client().chat.postMessage({ channel: 'U0BOB0001', text: 'lost' })).rejects.toThrow();
    expect(slack.workspace.as('bob').dm()).toHaveLength(before + 1);
    faults.next('chat.postMessage', { drop: true });
    await expect(client().chat.postMessage({ channel: 'U0BOB0001', text: 'never' })).rejects.toThrow();
    expect(slack.workspace.as('bob').dm()).toHaveLength(before + 1);
    faults.next('auth.test', { error: 'account_inactive' });
    await expect(client().auth.test()).rejects.toThrow('account_inactive');
    faults.next('auth.test', { status: 503 });
    await expect(client().auth.test()).rejects.toThrow();
    faults.next('auth.test', { retryAfterSeconds: 1 });
    const limited = await fetch(`${slack.url}/sandbox/slack/api/auth.test`, { method: 'POST' });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await client().auth.test()).toMatchObject({ ok: true });
  });
});
