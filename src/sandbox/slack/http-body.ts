import type { IncomingMessage, ServerResponse } from 'node:http';
import { isJson, type Json, parseJson } from './json.ts';

/** The body as text, or undefined when it is larger than `maxBytes`. */
export async function readText(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    const bytes = Buffer.from(piece);
    size += bytes.length;
    if (size > maxBytes) return undefined;
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Form posts and JSON bodies alike; undefined where the text is neither. */
export function readFields(request: IncomingMessage, text: string): Json | undefined {
  if ((request.headers['content-type'] ?? '').startsWith('application/json')) {
    const parsed = parseJson(text);
    return isJson(parsed) ? parsed : undefined;
  }
  return Object.fromEntries(new URLSearchParams(text));
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}
