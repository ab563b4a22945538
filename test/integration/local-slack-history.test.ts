import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalSlack, startLocalSlack, TOKENS } from '../support/local-slack.ts';

type Answer = {
  ok: boolean;
  error?: string;
  ts?: string;
  messages?: { ts: string; text: string; metadata?: unknown }[];
  has_more?: boolean;
  response_metadata?: { next_cursor: string };
};

let slack: LocalSlack;
let nowMs = Date.parse('2030-01-01T00:00:00Z');

beforeAll(async () => {
  slack = await startLocalSlack({
    now: () => nowMs,
    scopes: ['chat:write', 'im:write', 'channels:history'],
    channels: [
      { id: 'C0SECRET1', name: 'secret', members: ['U0CURFEW1'], isPrivate: true },
      { id: 'C0HIDDEN1', name: 'hidden', members: ['U0ALICE01'], isPrivate: true },
    ],
  });
});
afterAll(async () => slack[Symbol.asyncDispose]());

async function call(method: string, args: Record<string, unknown>): Promise<Answer> {
  const response = await fetch(`${slack.url}/sandbox/slack/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${TOKENS.botToken}` },
    body: JSON.stringify(args),
  });
  return (await response.json()) as Answer;
}
async function post(text: string, more: object = {}): Promise<string> {
  nowMs += 1_000;
  return String((await call('chat.postMessage', { channel: 'C0APPROVAL', text, ...more })).ts);
}
const texts = ({ messages = [] }: Answer) => messages.map(({ text }) => text);

describe('reading what was said', () => {
  const metadata = { event_type: 'marked', event_payload: { id: '1' } };
  const all = { channel: 'C0APPROVAL', include_all_metadata: true };

  it('is newest first, by pages, with metadata for whoever wants it, and with broadcast replies only', async () => {
    const first = await post('first', { metadata });
    await post('a reply', { thread_ts: first });
    const broadcast = await post('a broadcast reply', { thread_ts: first, reply_broadcast: true, metadata });
    await post('last');
    await call('chat.postEphemeral', { channel: 'C0APPROVAL', user: 'U0BOB0001', text: 'for one' });

    const page = await call('conversations.history', { ...all, limit: 2 });
    expect(texts(page)).toEqual(['last', 'a broadcast reply']);
    expect(page.has_more).toBe(true);
    const next = await call('conversations.history', { ...all, cursor: page.response_metadata?.next_cursor });
    expect(next.messages).toMatchObject([{ text: 'first', metadata }]);
    expect(
      (await call('conversations.history', { channel: 'C0APPROVAL' })).messages?.every((message) => message.metadata === undefined),
    ).toBe(true);
    expect(texts(await call('conversations.history', { ...all, oldest: broadcast }))).toEqual(['last']);
    expect(texts(await call('conversations.history', { ...all, oldest: broadcast, inclusive: true }))).toHaveLength(2);
    expect(texts(await call('conversations.replies', { ...all, ts: first }))).toEqual(['first', 'a reply', 'a broadcast reply']);
    expect(texts(await call('conversations.replies', { ...all, ts: first, oldest: broadcast, inclusive: true }))).toEqual([
      'first',
      'a broadcast reply',
    ]);
    expect(await call('conversations.replies', { ...all, ts: '1.000001' })).toMatchObject({ ok: false, error: 'thread_not_found' });
  });

  it('keeps the metadata of a message that is redrawn without any', async () => {
    const ts = await post('marked', { metadata });
    await call('chat.update', { channel: 'C0APPROVAL', ts, text: 'redrawn' });
    expect((await call('conversations.history', all)).messages?.[0]).toMatchObject({ text: 'redrawn', metadata });
  });

  it('needs the scope of that kind of conversation, and the app in it', async () => {
    const direct = await call('chat.postMessage', { channel: 'U0BOB0001', text: 'hello' });
    expect(direct.ok).toBe(true);
    for (const [channel, error] of [
      ['D0BOB0001', 'missing_scope'],
      ['C0SECRET1', 'missing_scope'],
      ['C0HIDDEN1', 'channel_not_found'],
      ['C0GENERAL', 'not_in_channel'],
      ['C0NOTHING', 'channel_not_found'],
    ])
      expect(await call('conversations.history', { channel })).toMatchObject({ ok: false, error });
  });
});

it('meets a fault once, or until it is over', async () => {
  const { faults } = slack.workspace;
  faults.every('*', { status: 500 });
  faults.next('api.test', { error: 'fatal_error' });
  expect(await call('api.test', {})).toMatchObject({ error: 'fatal_error' });
  expect(await call('api.test', {})).toMatchObject({ error: 'internal_error' });
  expect(await call('chat.getPermalink', {})).toMatchObject({ error: 'internal_error' });
  faults.every('*', undefined);
  expect(await call('api.test', {})).toMatchObject({ ok: true });
});
