import { afterEach, describe, expect, it } from 'vitest';
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { accept } from '../../src/domain/result.ts';
import { httpApp, key, listening, org } from '../support/http-app.ts';

const authorization = `Bearer ${key}`;
const json = { authorization, 'content-type': 'application/json' };
const payload = { argv: ['help'], scriptName: 'p0' };
const help = { runCommand: async () => accept({ kind: 'help', text: 'help text' } as const) };
const post = { method: 'POST', url: '/o/demo/command', headers: json, payload } as const;

describe('slashes', () => {
  it('collapses repeated ones and ignores one at the end', async () => {
    const { app } = await httpApp(help);
    for (const url of ['/o/demo/command', '/o/demo/command/', '//o//demo///command//', '/o/demo/command/?x=//', '///o/demo/command']) {
      expect((await app.inject({ ...post, url })).statusCode, url).toBe(200);
    }
  });

  it('does not take an encoded slash for a slash', async () => {
    const { app } = await httpApp(help);
    for (const url of ['/o/demo%2Fcommand', '/o%2fdemo/command', '/o/demo/command%2F']) {
      expect((await app.inject({ ...post, url })).statusCode, url).toBe(404);
    }
  });
});

describe('the credential', () => {
  it('is asked for with a challenge and a sentence', async () => {
    const { app } = await httpApp(help);
    const response = await app.inject({ ...post, headers: { 'content-type': 'application/json' } });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="curfew"');
    expect(response.json()).toMatchObject({ status: 401, error: expect.stringContaining('Bearer') });
  });

  it('is refused where it is not one bearer token that we know', async () => {
    const { app } = await httpApp(help);
    for (const header of [
      'Bearer',
      'Bearer ',
      `Basic ${key}`,
      `Bearer ${key}x`,
      `Bearer ${'k'.repeat(5000)}`,
      `Bearer ${key}, Bearer ${key}`,
      'Bearer schlüssel',
    ]) {
      const response = await app.inject({ ...post, headers: { ...json, authorization: header } });
      expect(response.statusCode, header).toBe(401);
      expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
      expect(response.body).not.toContain(key);
    }
  });

  it('may be spelled in any case and wins over a bad body', async () => {
    const { app } = await httpApp(help);
    expect((await app.inject({ ...post, headers: { ...json, authorization: `bEARER ${key}` } })).statusCode).toBe(200);
    expect((await app.inject({ ...post, headers: { 'content-type': 'application/json' }, payload: '{' })).statusCode).toBe(401);
  });

  it('is not looked up where it is too long', async () => {
    const seen: string[] = [];
    const { app } = await httpApp({ authenticate: async (_org, given) => void seen.push(given) });
    await app.inject({ ...post, headers: { ...json, authorization: `Bearer ${'k'.repeat(4097)}` } });
    await app.inject({ ...post, headers: { ...json, authorization: `Bearer ${'k'.repeat(4096)}` } });
    expect(seen.map((token) => token.length)).toEqual([4096]);
  });

  it('finds nothing in another organisation, with the answer of an unknown route', async () => {
    const { app } = await httpApp(help);
    const answers = [];
    for (const url of [
      '/o/other/command',
      '/o/DEMO/command',
      '/o/x%00y/command',
      `/o/${'x'.repeat(2000)}/command`,
      '/nowhere',
      '/o/demo/nowhere',
    ]) {
      const response = await app.inject({ ...post, url });
      expect(response.statusCode, url).toBe(404);
      const { instance: _instance, ...rest } = response.json();
      answers.push(JSON.stringify(rest));
    }
    expect(new Set(answers)).toEqual(
      new Set([
        JSON.stringify({ type: 'urn:curfew:problem:not-found', title: 'Not found', status: 404, detail: 'Not found', error: 'Not found' }),
      ]),
    );
  });
});

describe('errors', () => {
  it('are problem documents with the right status', async () => {
    const { app } = await httpApp(help);
    for (const [options, status] of [
      [{ ...post, payload: '{"argv":' }, 400],
      [{ ...post, payload: '{"argv":["x"],"scriptName":"p0","__proto__":{"x":1}}' }, 400],
      [{ ...post, payload: '{"argv":["x"],"scriptName":"p0","constructor":{"prototype":{"x":1}}}' }, 400],
      [{ ...post, payload: Buffer.from([0x22, 0xff, 0x22]) }, 400],
      [{ ...post, payload: '['.repeat(30) + ']'.repeat(30) }, 400],
      [{ ...post, payload: `"${'x'.repeat(70_000)}"` }, 413],
      [{ ...post, headers: { ...json, 'content-type': 'text/plain' } }, 415],
      [{ ...post, headers: { ...json, 'content-type': 'application/x-www-form-urlencoded' } }, 415],
      [{ ...post, headers: { ...json, 'content-type': 'nonsense' } }, 415],
      [{ ...post, url: '/o/%ff/command' }, 400],
      [{ ...post, method: 'GET' as const, payload: '' }, 404],
      [{ ...post, method: 'PUT' as const }, 404],
      [{ ...post, method: 'OPTIONS' as const }, 404],
    ] as const) {
      const response = await app.inject(options);
      expect(response.statusCode, JSON.stringify(options).slice(0, 200)).toBe(status);
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(response.json()).toMatchObject({
        type: expect.stringMatching(/^urn:curfew:problem:[a-z-]+$/),
        title: expect.any(String),
        status,
        detail: expect.any(String),
        instance: `urn:uuid:${response.headers['x-request-id']}`,
        error: expect.any(String),
      });
      expect(response.headers['cache-control']).toBe('no-store');
      expect(response.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('take words that only look dangerous', async () => {
    const { app } = await httpApp(help);
    const argv = ['request', '__proto__', '{"__proto__":1}', '['.repeat(100)];
    expect((await app.inject({ ...post, payload: { argv, scriptName: 'p0' } })).statusCode).toBe(200);
  });

  it('say nothing about a fault, which the log has under the request id', async () => {
    const { app, logged } = await httpApp();
    const response = await app.inject(post);
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ type: 'urn:curfew:problem:internal', error: expect.any(String) });
    expect(response.body).not.toMatch(/xyzzy|runCommand|\bat /);
    expect(logged).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ requestId: response.headers['x-request-id'], err: expect.any(Error) }),
      }),
    );
    expect(JSON.stringify(logged)).not.toContain(key);
  });

  it('do not borrow the status of a fault elsewhere', async () => {
    const fault = Object.assign(new Error('the directory said no'), { statusCode: 404, code: 'UND_ERR' });
    const { app } = await httpApp({ runCommand: async () => Promise.reject(fault) });
    expect((await app.inject(post)).statusCode).toBe(500);
  });
});

describe('headers', () => {
  it('keep answers private and out of frames, without opening them to other origins', async () => {
    const { app } = await httpApp(help);
    const { headers } = await app.inject({ ...post, headers: { ...json, origin: 'https://evil.example', 'x-request-id': 'mine' } });
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('strict-transport-security');
  });

  it('bind browsers to https only where we are reached by it', async () => {
    const { app } = await httpApp(help, { publicUrl: 'https://access.example.com' });
    expect((await app.inject(post)).headers['strict-transport-security']).toBe('max-age=31536000');
  });
});

describe('the rate limit', () => {
  it('counts each key for itself', async () => {
    const { app } = await httpApp(help, { rateLimit: 3 });
    const codes = [];
    for (let i = 0; i < 5; i++) codes.push((await app.inject(post)).statusCode);
    expect(codes).toEqual([200, 200, 200, 429, 429]);
    const limited = await app.inject(post);
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(limited.json()).toMatchObject({ type: 'urn:curfew:problem:rate-limited', error: expect.any(String) });
    expect((await app.inject({ ...post, headers: { ...json, authorization: 'Bearer another-key' } })).statusCode).toBe(401);
    for (let i = 0; i < 10; i++) expect((await app.inject('/readyz')).statusCode).toBe(200);
  });
});

describe('health', () => {
  it('is told without a key', async () => {
    const { app } = await httpApp({}, { health: async () => ({ ready: true, checks: { database: { ok: true } } }) });
    expect((await app.inject('/livez')).json()).toEqual({ alive: true });
    const ready = await app.inject('/readyz/');
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toEqual({ ready: true, checks: { database: { ok: true } } });
  });

  it('is 503 with the failing check, and where the check itself fails', async () => {
    const checks = { database: { ok: false, detail: 'does not answer' } };
    const unready = await httpApp({}, { health: async () => ({ ready: false, checks }) });
    const response = await unready.app.inject('/readyz');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({ ready: false, checks });
    const broken = await httpApp({}, { health: async () => Promise.reject(new Error('password=hunter2')) });
    const failed = await broken.app.inject('/readyz');
    expect(failed.statusCode).toBe(503);
    expect(failed.body).not.toContain('hunter2');
    expect((await broken.app.inject('/livez')).statusCode).toBe(200);
  });

  it('is looked at once for those who ask together, and again for the next', async () => {
    let looks = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const health = async () => {
      looks++;
      await promise;
      return { ready: true, checks: {} };
    };
    const { app } = await httpApp({}, { health });
    const asked = Promise.all([app.inject('/readyz'), app.inject('/readyz'), app.inject('/readyz')]);
    while (looks === 0) await turn();
    resolve();
    await asked;
    expect(looks).toBe(1);
    await app.inject('/readyz');
    expect(looks).toBe(2);
  });
});

describe('behind a bare node server', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** Sends raw bytes and reads until the other side closes. */
  async function talk(port: number, bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1');
    let seen = '';
    socket.on('data', (chunk) => (seen += String(chunk)));
    socket.write(bytes, 'latin1');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.on('close', () => resolve());
    socket.on('error', reject);
    await promise;
    return seen;
  }
  const head = (length: number): string =>
    `POST /o/${org}/command HTTP/1.1\r\nHost: x\r\nauthorization: bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n`;

  it('answers, survives what is no HTTP, and answers again', async () => {
    const { app, logged } = await httpApp(help);
    const bound = await listening(app);
    server = bound.server;
    const body = JSON.stringify(payload);
    const ask = (): Promise<string> => talk(bound.port, `${head(body.length)}\r\n${body}`);
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 [\s\S]*"help text"/);
    for (const bytes of [
      '\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'POST /o/demo/command HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    ]) {
      expect(await talk(bound.port, bytes)).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(await talk(bound.port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await talk(bound.port, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await talk(bound.port, `${head(body.length)}Authorization: Bearer other\r\n\r\n${body}`)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 /);
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('lets a body that does not come run into the time-out of the server', async () => {
    const { app, logged } = await httpApp(help);
    const bound = await listening(app, { requestTimeout: 200, headersTimeout: 100, connectionsCheckingInterval: 50 });
    server = bound.server;
    expect(await talk(bound.port, `${head(100)}\r\n{"argv"`)).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect((await fetch(`http://127.0.0.1:${bound.port}/livez`)).status).toBe(200);
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('does not take a body that broke off for a fault', async () => {
    const { app, logged } = await httpApp(help);
    const bound = await listening(app);
    server = bound.server;
    const socket = connect(bound.port, '127.0.0.1');
    const arrived = new Promise((resolve) => bound.server.once('request', resolve));
    socket.write(`${head(100)}\r\n{"argv"`);
    await arrived;
    socket.destroy();
    while (logged.length === 0) await turn();
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });
});
