import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './http-body.ts';
import { findPerson, type State } from './state.ts';
import { snapshot } from './snapshot.ts';

const CLIENTS_MAX = 50;
const BETWEEN_MS = 100;
const HEARTBEAT_MS = 15_000;
const BACKLOG_BYTES = 8_000_000;

export type PageEvents = { handle: (request: IncomingMessage, response: ServerResponse, as: string) => void; close: () => void };

/** Server-sent events: a snapshot at once and after each change, ten a second at most, and only where something differs. */
export function createPageEvents(state: State): PageEvents {
  const clients = new Map<ServerResponse, { userId: string; last: string }>();
  let timer: NodeJS.Timeout | undefined;
  let sentAtMs = 0;

  const sendTo = (response: ServerResponse, client: { userId: string; last: string }) => {
    const person = state.people.get(client.userId);
    if (person === undefined) return;
    const text = JSON.stringify(snapshot(state, person));
    if (text === client.last) return;
    client.last = text;
    // A reader that does not read is cut off; the page connects again and gets the newest state.
    if (response.writableLength > BACKLOG_BYTES) response.destroy();
    else response.write(`data: ${text}\n\n`);
  };
  const sendAll = () => {
    timer = undefined;
    sentAtMs = Date.now();
    for (const [response, client] of clients) sendTo(response, client);
  };
  const stop = state.onChange(() => {
    if (clients.size === 0) return;
    timer ??= setTimeout(sendAll, Math.max(0, sentAtMs + BETWEEN_MS - Date.now()));
  });
  const heartbeat = setInterval(() => {
    for (const response of clients.keys()) response.write(': still here\n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    handle: (_request, response, as) => {
      const person = findPerson(state, as);
      if (person === undefined) return sendJson(response, 404, { ok: false, error: 'There is nobody with this id.' });
      if (clients.size >= CLIENTS_MAX) return sendJson(response, 503, { ok: false, error: 'Too many pages are open.' });
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const client = { userId: person.id, last: '' };
      clients.set(response, client);
      response.on('close', () => clients.delete(response));
      // A broken pipe is only the reader's going away; `close` follows and forgets it.
      response.on('error', () => clients.delete(response));
      sendTo(response, client);
    },
    close: () => {
      stop();
      clearTimeout(timer);
      clearInterval(heartbeat);
      for (const response of clients.keys()) response.end();
    },
  };
}
