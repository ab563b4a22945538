import { request as send, type IncomingHttpHeaders, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { createHttpApp } from '../../src/http/server.ts';
import { setBootstrapKey } from '../../src/store/configured.ts';
import { listening } from './http-app.ts';
import { createWorld, email, org } from './world.ts';

const owner = 'the bootstrap key of these tests, which is long';

export type Replayed = { readonly status: number | undefined; readonly body: unknown; readonly headers: IncomingHttpHeaders };

/** A world behind a socket, and the published provider's client for it. */
export async function createTerraformWorld() {
  const world = await createWorld();
  await setBootstrapKey(world.db, org, email('alice@example.com'), owner);
  const app = await createHttpApp({
    useCases: world.useCases,
    org,
    log: { info: () => undefined, error: (fields) => expect.unreachable(JSON.stringify(fields)) },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 10_000,
  });
  const { server, port }: { server: Server; port: number } = await listening(app);
  return {
    world,
    /** As the provider sends it, path and body byte for byte. */
    replay: (method: string, path: string, body?: string) => replay(port, method, path, body),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

export type TerraformWorld = Awaited<ReturnType<typeof createTerraformWorld>>;

async function replay(port: number, method: string, path: string, body: string | undefined): Promise<Replayed> {
  const headers = [
    ['host', `127.0.0.1:${port}`],
    ['user-agent', 'terraform-provider-p0/dev Terraform/1.9.8'],
    ['authorization', `Bearer ${owner}`],
    ...(method === 'DELETE' ? [] : [0, 1].map(() => ['accept', 'application/json'])),
    // Go says of a POST or PUT without a body that it has none.
    ...(body === undefined
      ? method === 'POST' || method === 'PUT'
        ? [['content-length', '0']]
        : []
      : [
          ['content-type', 'application/json'],
          ['content-length', String(Buffer.byteLength(body))],
        ]),
    ['accept-encoding', 'gzip'],
  ].flat();
  return new Promise((resolve, reject) => {
    const call = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      buffer(response).then((bytes) => {
        const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
        resolve({ status: response.statusCode, body: text === '' ? undefined : JSON.parse(text), headers: response.headers });
      }, reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

/**
 * What the provider makes of an answer: `contract.md` §1.4. A deletion needs exactly 204; elsewhere an `error` in the body
 * fails whatever the status, and so does an array.
 */
export function isSuccess(method: string, { status, body }: Replayed): boolean {
  if (method === 'DELETE') return status === 204;
  if (status === undefined || status < 200 || status > 299) return false;
  return body === undefined || (typeof body === 'object' && body !== null && !Array.isArray(body) && !('error' in body));
}
