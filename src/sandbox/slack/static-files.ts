import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { sendJson } from './http-body.ts';

const FOLDER = new URL('./page/', import.meta.url);
// One plain name, so no path can lead out of the folder.
const NAME = /^[a-z0-9][a-z0-9-]*\.(html|css|js|svg)$/;
const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/** One file of the page's folder, with the headers that keep it to itself. */
export async function sendPageFile(response: ServerResponse, name: string): Promise<void> {
  const extension = NAME.exec(name)?.[1];
  const type = extension === undefined ? undefined : TYPES[extension];
  const content = type === undefined ? undefined : await readFile(new URL(name, FOLDER)).catch(isMissing);
  if (type === undefined || content === undefined) return sendJson(response, 404, { ok: false, error: 'There is no such page.' });
  response.writeHead(200, {
    'content-type': type,
    'content-length': content.length,
    'cache-control': 'no-cache',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  });
  response.end(content);
}

function isMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
