import { request as send, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpApp } from '../../src/http/server.ts';
import { setBootstrapKey } from '../../src/store/people.ts';
import { listening } from '../support/http-app.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const owner = 'the bootstrap key of these tests, which is long';
let world: World;
let app: FastifyInstance;
let server: Server;
let port: number;

beforeAll(async () => {
  world = await createWorld();
  await setBootstrapKey(world.db, org, email('alice@example.com'), owner);
  app = await createHttpApp({
    useCases: world.useCases,
    org,
    log: { info: () => undefined, error: (fields) => expect.unreachable(JSON.stringify(fields)) },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 10_000,
  });
  ({ server, port } = await listening(app));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await app.close();
  await world[Symbol.asyncDispose]();
});

/** As the provider sends it, path and body byte for byte. */
async function replay(method: string, path: string, body?: string) {
  const headers = [
    ['host', `127.0.0.1:${port}`],
    ['user-agent', 'terraform-provider-p0/dev Terraform/1.9.8'],
    ['authorization', `Bearer ${owner}`],
    ...(method === 'DELETE' ? [] : [0, 1].map(() => ['accept', 'application/json'])),
    ...(body === undefined
      ? []
      : [
          ['content-type', 'application/json'],
          ['content-length', String(Buffer.byteLength(body))],
        ]),
    ['accept-encoding', 'gzip'],
  ].flat();
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const call = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      buffer(response).then((bytes) => {
        const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
        resolve({ status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) });
      }, reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

const minimal =
  '{"name":"minimal any/any","requestor":{"type":"any"},"resource":{"type":"any","service":null,"accessType":null,"filters":null},"approval":[{"directory":null,"integration":null,"groups":null,"profileProperty":null,"options":null,"services":null,"type":"p0","effect":null}]}';
const renamed = minimal.replace('minimal any/any', 'renamed any/any');
const absent = '{"name":"minimal any/any","disabled":true,"requestor":{"type":"any"},"resource":{"type":"any"},"approval":[{"type":"p0"}]}';

describe.each(['/o/demo/policy/name/', '/o/demo/routing/name/', '//o/demo/policy/name/'])('the provider at %s', (base) => {
  it('creates, refreshes, updates, renames and destroys a policy, and reads what it set', async () => {
    const old = `${base}minimal%20any%2Fany`;
    const next = `${base}renamed%20any%2Fany`;
    expect(await replay('POST', old, minimal)).toEqual({ status: 201, body: JSON.parse(minimal) });
    expect(await replay('GET', old)).toEqual({ status: 200, body: JSON.parse(minimal) });
    expect(await replay('PUT', old, absent)).toEqual({ status: 200, body: JSON.parse(absent) });
    expect(await replay('GET', old)).toEqual({ status: 200, body: JSON.parse(absent) });
    expect(await replay('DELETE', old)).toEqual({ status: 204, body: undefined });
    expect(await replay('POST', next, renamed)).toEqual({ status: 201, body: JSON.parse(renamed) });
    expect((await replay('GET', old)).status).toBe(404);
    expect(await replay('DELETE', next)).toEqual({ status: 204, body: undefined });
    expect((await replay('DELETE', next)).status).toBe(404);
  });

  it('keeps all of ten that are applied at once', async () => {
    const wanted = Array.from({ length: 10 }, (_, index) => `parallel ${index}`);
    const at = (name: string) => base + encodeURIComponent(name);
    const body = (name: string) => minimal.replace('minimal any/any', name);
    const made = await Promise.all(wanted.map((name) => replay('POST', at(name), body(name))));
    expect(made.map(({ status }) => status)).toEqual(wanted.map(() => 201));
    for (const name of wanted) expect(await replay('GET', at(name))).toEqual({ status: 200, body: JSON.parse(body(name)) });
    const gone = await Promise.all(wanted.map((name) => replay('DELETE', at(name))));
    expect(gone.map(({ status }) => status)).toEqual(wanted.map(() => 204));
  });
});
