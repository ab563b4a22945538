import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { active, approval, approved, home, type Json, requestForm } from './fake-sandbox-blocks.ts';

const PAGE = new URL('../../src/sandbox/slack/page/', import.meta.url);
const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'";
const BOT = 'U0CURFEW1';

const person = (id: string, real_name: string, title: string, color: string, is_bot = false) => ({
  id,
  name: real_name.split(' ')[0]?.toLowerCase() ?? '',
  real_name,
  email: '',
  title,
  is_bot,
  deleted: false,
  color,
  tz: 'UTC',
});
const USERS = [
  person('U0ALICE01', 'Alice Archer', 'Owner, security reviewer', '7d3c98'),
  person('U0BOB0001', 'Bob Baker', 'Engineer', '1f6fb2'),
  person('U0CAROL01', 'Carol Chen', 'Platform team, security reviewer', '1e8449'),
  person('U0DAVE001', 'Dave Diaz', 'Platform team', 'b9770e'),
  person(BOT, 'Curfew', 'App', '2c3e50', true),
];

type Message = { channel: string; onlyFor?: string; ts: string; user: string; text: string; blocks?: Json[]; edited: boolean };
type View = Json & { id: string };
/** One body of `POST /sandbox/act`, as the page sent it. */
export type Act = { as: string; type: string } & Record<string, unknown>;

const at = (value: unknown, ...path: string[]): unknown => path.reduce((inner, key) => (inner as Json | undefined)?.[key], value);
const direct = (userId: string) => `D${userId.slice(1)}`;

/** A workspace with a pretend app in it, just enough to work on the page; `acts` is what the page has sent. */
export async function startFakeSandbox() {
  const acts: Act[] = [];
  const messages: Message[] = [];
  const stacks = new Map<string, View[]>();
  const homes = new Map<string, View>();
  const unread = new Map<string, Record<string, number>>();
  const clients = new Map<ServerResponse, string>();
  let count = 0;

  const post = (channel: string, user: string, given: { text: string; blocks?: Json[]; onlyFor?: string }) => {
    messages.push({ channel, user, ts: `${Math.floor(Date.now() / 1000)}.${String(++count).padStart(6, '0')}`, edited: false, ...given });
    for (const reader of USERS.filter(({ id }) => id !== user && (given.onlyFor ?? id) === id)) {
      if (channel.startsWith('D') && channel !== direct(reader.id)) continue;
      const mine = unread.get(reader.id) ?? {};
      unread.set(reader.id, { ...mine, [channel]: (mine[channel] ?? 0) + 1 });
    }
  };
  const snapshot = (me: (typeof USERS)[number]) => {
    const channels = [
      { id: 'C0GENERAL', name: 'general', kind: 'channel' },
      { id: 'C0APPROVAL', name: 'approvals', kind: 'channel' },
      { id: direct(me.id), name: 'curfew', kind: 'im', with: BOT },
    ];
    const seen = (channel: string) =>
      messages
        .filter((message) => message.channel === channel && (message.onlyFor ?? me.id) === me.id)
        .map((message) => ({ ...message, ephemeral: message.onlyFor !== undefined }));
    return {
      me,
      users: USERS,
      apps: [{ id: 'A0CURFEW1', name: 'curfew', botUserId: BOT }],
      channels,
      commands: [{ command: '/access', description: 'Ask for, grant and list access', usage_hint: 'request | grant | allow | ls | help' }],
      shortcuts: [{ name: 'Ask for access', callback_id: 'ask', type: 'global' }],
      messages: Object.fromEntries(channels.map(({ id }) => [id, seen(id)])),
      views: stacks.get(me.id) ?? [],
      home: homes.get(me.id) ?? null,
      busy: null,
      unread: unread.get(me.id) ?? {},
    };
  };
  const push = () => {
    for (const [client, as] of clients) {
      const me = USERS.find(({ id, name }) => id === as || name === as);
      if (me !== undefined) client.write(`data: ${JSON.stringify(snapshot(me))}\n\n`);
    }
  };
  const openForm = (userId: string) =>
    stacks.set(userId, [...(stacks.get(userId) ?? []), { id: `V${++count}`, hash: '1', errors: {}, ...requestForm() }]);
  const ask = (userId: string, reason: string) => {
    post('C0APPROVAL', BOT, { text: 'Access request', blocks: approval(userId, reason) });
  };
  const onAction = (act: Act) => {
    const message = messages.find(({ ts }) => ts === at(act, 'container', 'ts'));
    if (message === undefined || act['actionId'] !== 'approve') return;
    const duration = String(at(act, 'state', 'decision', 'duration', 'selected_option', 'text', 'text'));
    const untilS = Math.floor(Date.now() / 1000) + 900;
    message.blocks = approved('U0BOB0001', act.as, duration, untilS);
    message.edited = true;
    post(direct('U0BOB0001'), BOT, { text: 'Access active', blocks: active(duration, untilS) });
  };
  const onSubmit = (act: Act) => {
    const view = stacks.get(act.as)?.at(-1);
    const reason = at(act, 'state', 'reason', 'value', 'value');
    if (view === undefined) return;
    view['errors'] = typeof reason === 'string' ? {} : { reason: 'Say in a few words what you want to do.' };
    if (typeof reason !== 'string') return;
    stacks.delete(act.as);
    ask(act.as, reason);
  };
  const perform = (act: Act): Json => {
    if (act.type === 'message') post(String(act['channel']), act.as, { text: String(act['text']) });
    if (act.type === 'command' && act['text'] === '/access request') openForm(act.as);
    else if (act.type === 'command') {
      ask(act.as, String(act['text']));
      post(String(act['channel']), BOT, { text: 'Asked. A reviewer decides in <#C0APPROVAL>.', onlyFor: act.as });
    }
    if (act.type === 'shortcut') openForm(act.as);
    if (act.type === 'block_action') onAction(act);
    if (act.type === 'submit') onSubmit(act);
    if (act.type === 'close') stacks.set(act.as, (stacks.get(act.as) ?? []).slice(0, -1));
    if (act.type === 'home') homes.set(act.as, { id: `H${act.as}`, hash: '1', ...home() });
    if (act.type === 'read') unread.set(act.as, { ...unread.get(act.as), [String(act['channel'])]: 0 });
    if (act.type !== 'options') return { ok: true };
    const found = ['sample', 'billing', 'platform'].filter((name) => name.includes(String(act['query'])));
    return { ok: true, options: found.map((name) => ({ text: { type: 'plain_text', text: name }, value: name })) };
  };

  const sendFile = async (response: ServerResponse, name: string) => {
    const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain';
    response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(await readFile(new URL(name, PAGE)));
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://local');
    if (url.pathname === '/sandbox') return sendFile(response, 'index.html');
    if (url.pathname.startsWith('/sandbox/assets/')) return sendFile(response, url.pathname.slice('/sandbox/assets/'.length));
    if (url.pathname === '/sandbox/events') {
      const as = url.searchParams.get('as') ?? '';
      if (!USERS.some(({ id, name }) => id === as || name === as)) return void response.writeHead(404).end('nobody');
      clients.set(response.writeHead(200, { 'content-type': 'text/event-stream' }), as);
      response.on('close', () => clients.delete(response));
      return push();
    }
    const act = JSON.parse(await text(request)) as Act;
    acts.push(act);
    const result = perform(act);
    push();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/sandbox`,
    acts,
    post: (...given: Parameters<typeof post>) => {
      post(...given);
      push();
    },
    /** Ends every open stream; a browser connects again by itself. */
    cut: () => {
      for (const client of clients.keys()) client.end();
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const client of clients.keys()) client.end();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
