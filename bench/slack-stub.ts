import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { idHeader, userHeader } from './clicks.ts';

/** So long takes every answer: whoever waited for one before acknowledging would be seen to. */
const slackMs = 200;

/** Of each account in its workspace. */
export const addressOf = (user: string): string => `${user.toLowerCase()}@example.com`;

export type SlackStub = {
  readonly apiUrl: string;
  /** Has the server that is clicked on answer this, and remembers when it did. */
  watch(click: IncomingMessage, answer: ServerResponse): void;
  /** How many calls came that belong to clicks. */
  calls(): number;
  /** Those of them that came while no click they could be about was acknowledged. */
  early(): readonly string[];
  /** How many who clicked were told something. */
  told(): number;
};

/**
 * As much of Slack's Web API as an approval needs. It runs in the thread of the server
 * that is clicked on, so what it finds unanswered when a call comes was unanswered when the call was made.
 */
export async function startSlackStub(stack: AsyncDisposableStack): Promise<SlackStub> {
  const clicks = new Map<string, ServerResponse[]>();
  const early: string[] = [];
  let [calls, told] = [0, 0];
  const note = (key: string, what: string): void => {
    const answers = clicks.get(key);
    if (answers === undefined) return;
    calls++;
    if (!answers.some((answer) => answer.writableEnded)) early.push(`${what} for ${key}`);
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const user = new URLSearchParams(Buffer.concat(chunks).toString()).get('user');
    const [, method = '', id = ''] = /^\/api\/([^/]+)\/?(.*)$/.exec(request.url ?? '') ?? [];
    if (method === 'response') told++;
    note(method === 'response' ? id : (user ?? ''), method);
    await sleep(slackMs);
    const found = { id: user, team_id: 'TBENCH', profile: { email: addressOf(user ?? '') } };
    const body = method === 'users.info' ? { user: found } : { team_id: 'TBENCH', bot_id: 'BBENCH', user_id: 'UBENCHBOT' };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, ...body }));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    apiUrl: `http://127.0.0.1:${address.port}/api/`,
    watch(request, response) {
      for (const header of [idHeader, userHeader]) {
        const key = String(request.headers[header]);
        const answers = clicks.get(key);
        if (answers === undefined) clicks.set(key, [response]);
        else answers.push(response);
      }
    },
    calls: () => calls,
    early: () => early,
    told: () => told,
  };
}
