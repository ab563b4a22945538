import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalSlack, startLocalSlack, TOKENS } from '../support/local-slack.ts';

let slack: LocalSlack;
beforeEach(async () => {
  slack = await startLocalSlack();
});
afterEach(async () => slack[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };

/** By node:http, since fetch does not let a test choose its Host. */
function send(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${slack.url}${path}`, { method: options.method ?? 'GET', headers: options.headers ?? {} }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(options.body);
  });
}

async function act(
  body: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; answer: { ok: boolean; error?: string } }> {
  const { status, text } = await send('/sandbox/act', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
  return { status, answer: JSON.parse(text) as { ok: boolean; error?: string } };
}

type Snapshot = {
  me: { name: string };
  messages: Record<string, { text: string; ephemeral: boolean }[]>;
  unread: Record<string, number>;
  channels: { id: string }[];
};

/** Reads snapshots of one person until one is as wanted. */
async function watch(as: string, wanted: (snapshot: Snapshot) => boolean, meanwhile: () => Promise<unknown>): Promise<Snapshot> {
  const abort = new AbortController();
  const response = await fetch(`${slack.url}/sandbox/events?as=${as}`, { signal: abort.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let rest = '';
  let started = false;
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events.filter((line) => line.startsWith('data: '))) {
      const snapshot = JSON.parse(event.slice(6)) as Snapshot;
      if (!started) await meanwhile();
      started = true;
      if (!wanted(snapshot)) continue;
      abort.abort();
      return snapshot;
    }
  }
  throw new Error('the stream ended');
}

describe('what the page sees', () => {
  it('gets a snapshot at once and after each change that it may see', async () => {
    const snapshot = await watch(
      'U0DAVE001',
      (seen) => seen.messages['C0GENERAL']?.at(-1)?.text === 'a &lt;b&gt;',
      async () => {
        expect((await act({ as: 'U0BOB0001', type: 'message', channel: 'C0GENERAL', text: 'a <b>' })).answer).toEqual({ ok: true });
      },
    );
    expect(snapshot.me.name).toBe('dave');
    expect(snapshot.channels.map((channel) => channel.id)).toEqual(['C0GENERAL', 'C0APPROVAL', 'D0DAVE001']);
    expect(snapshot.unread).toEqual({ C0GENERAL: 1 });
    await act({ as: 'U0DAVE001', type: 'read', channel: 'C0GENERAL' });
    const after = await watch(
      'U0DAVE001',
      () => true,
      async () => {},
    );
    expect(after.unread).toEqual({});
  });

  it('never shows the ephemerals of another', async () => {
    await act({ as: 'U0BOB0001', type: 'command', channel: 'C0GENERAL', text: '/nonsense' });
    const bob = await watch(
      'U0BOB0001',
      () => true,
      async () => {},
    );
    expect(bob.messages['C0GENERAL']).toMatchObject([{ ephemeral: true, text: '`/nonsense` is not a valid command.' }]);
    const dave = await watch(
      'U0DAVE001',
      () => true,
      async () => {},
    );
    expect(dave.messages['C0GENERAL']).toEqual([]);
  });
});

describe('what the page may do', () => {
  it.each([
    [{ as: 'U0NOBODY1', type: 'home' }, 'There is nobody with this id.'],
    [{ as: 'U0CURFEW1', type: 'home' }, 'This account cannot do anything.'],
    [{ as: 'U0BOB0001', type: 'command', channel: 'C0GENERAL', text: 'no slash' }, 'A command begins with a slash.'],
    [{ as: 'U0BOB0001', type: 'command', channel: 'D0ALICE01', text: '/access' }, 'You are not in this channel.'],
    [{ as: 'U0BOB0001', type: 'submit', viewId: 'V1', state: {} }, 'This window is not open any more.'],
    [
      { as: 'U0BOB0001', type: 'block_action', container: { kind: 'message', channel: 'C0GENERAL', ts: '1' }, blockId: 'a', actionId: 'b' },
      'There is no such message here.',
    ],
  ])('answers %j with a sentence', async (given, error) => {
    expect(await act(given)).toEqual({ status: 200, answer: { ok: false, error } });
  });

  it("does not let one person press another's ephemeral or choose what is not offered", async () => {
    const blocks = [
      {
        type: 'actions',
        block_id: 'b',
        elements: [
          { type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } },
          { type: 'static_select', action_id: 's', options: [{ text: { type: 'plain_text', text: 'One' }, value: '1' }] },
        ],
      },
    ];
    const body = JSON.stringify({ channel: 'C0APPROVAL', user: 'U0BOB0001', text: 'x', blocks });
    await send('/sandbox/slack/api/chat.postEphemeral', {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${TOKENS.botToken}` },
      body,
    });
    const message = slack.workspace.as('bob').ephemerals('approvals')[0]!;
    const press = { type: 'block_action', container: { kind: 'message', channel: 'C0APPROVAL', ts: message.ts }, blockId: 'b' };
    expect((await act({ as: 'U0ALICE01', ...press, actionId: 'go' })).answer.error).toBe('There is no such message here.');
    const two = { text: { type: 'plain_text', text: 'Two' }, value: '2' };
    expect((await act({ as: 'U0BOB0001', ...press, actionId: 's', selectedOption: two })).answer.error).toBe(
      'This is not one of the options.',
    );
    expect((await act({ as: 'U0BOB0001', ...press, actionId: 'go' })).answer).toEqual({ ok: true });
  });

  it.each([
    ['no JSON', { method: 'POST', headers: json, body: '{' }, 400],
    ['an unknown act', { method: 'POST', headers: json, body: '{"as":"U0BOB0001","type":"fly"}' }, 400],
    ['a form post', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }, 415],
    ['a GET', { method: 'GET' }, 405],
    ['another site', { method: 'POST', headers: { ...json, origin: 'https://evil.example' }, body: '{}' }, 403],
    ['the null origin', { method: 'POST', headers: { ...json, origin: 'null' }, body: '{}' }, 403],
    ['a rebound name', { method: 'POST', headers: { ...json, host: 'evil.example:3000' }, body: '{}' }, 403],
    ['a long body', { method: 'POST', headers: json, body: JSON.stringify({ as: 'x'.repeat(300_000) }) }, 413],
  ])('refuses %s', async (_what, options, status) => {
    expect((await send('/sandbox/act', options)).status).toBe(status);
  });

  it('serves the page with its policy, and nothing outside its folder', async () => {
    const index = await fetch(`${slack.url}/sandbox`);
    expect(index.status).toBe(200);
    expect(index.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    for (const path of [
      '/sandbox/assets/..%2flocal-workspace.ts',
      '/sandbox/assets/../local-workspace.ts',
      '/sandbox/assets/none.js',
      '/sandbox/x',
    ]) {
      expect((await send(path, {})).status).toBe(404);
    }
    expect((await send('/sandbox/events?as=U0NOBODY1', {})).status).toBe(404);
    expect((await send('/sandbox/events?as=U0BOB0001', { headers: { host: 'evil.example' } })).status).toBe(403);
  });
});
