import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { act } from './acts/act.ts';
import { perform } from './acts/perform.ts';
import { readText, sendJson } from './http-body.ts';
import type { Hub } from './hub.ts';
import { parseJson } from './json.ts';
import type { PageEvents } from './page-events.ts';
import { sendPageFile } from './static-files.ts';

const BODY_BYTES = 200_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

function refuseJson(response: ServerResponse, status: number, error: string): void {
  sendJson(response, status, { ok: false, error });
}

/** Why a browser request is refused: on this page anybody may be anybody, so only this machine's own browser may use it. */
function notFromHere(request: IncomingMessage): string | undefined {
  const host = request.headers.host ?? '';
  if (!LOOPBACK.test(host)) return 'The local workspace answers on localhost only.';
  const origin = request.headers.origin;
  if (origin === undefined) return undefined;
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase() ? undefined : 'Another site may not act here.';
}

async function handleAct(hub: Hub, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return refuseJson(response, 405, 'Send a POST.');
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return refuseJson(response, 415, 'Send JSON.');
  const text = await readText(request, BODY_BYTES);
  if (text === undefined) return refuseJson(response, 413, 'This is too long.');
  const parsed = act.safeParse(parseJson(text));
  if (!parsed.success) return refuseJson(response, 400, `This cannot be done: ${z.prettifyError(parsed.error)}`);
  sendJson(response, 200, await perform(hub, parsed.data));
}

/** The page and its two doors. `path` is below /sandbox. */
export async function handlePage(
  hub: Hub,
  events: PageEvents,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const refused = notFromHere(request);
  if (refused !== undefined) return refuseJson(response, 403, refused);
  if (url.pathname === '/sandbox/act') return handleAct(hub, request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuseJson(response, 405, 'Send a GET.');
  if (url.pathname === '/sandbox/events' && request.method === 'GET')
    return events.handle(request, response, url.searchParams.get('as') ?? '');
  if (url.pathname === '/sandbox' || url.pathname === '/sandbox/') return sendPageFile(response, 'index.html');
  const asset = /^\/sandbox\/assets\/([^/]+)$/.exec(url.pathname)?.[1];
  return sendPageFile(response, asset ?? '');
}
