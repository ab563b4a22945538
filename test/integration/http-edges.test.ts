import { describe, expect, it } from 'vitest';
import { setImmediate as turn } from 'node:timers/promises';
import { accept } from '../../src/domain/result.ts';
import { httpApp, key } from '../support/http-app.ts';

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
      [{ ...post, method: 'GET' as const, payload: '' }, 405],
      [{ ...post, method: 'PUT' as const }, 405],
      [{ ...post, method: 'OPTIONS' as const }, 405],
    ] as const) {
      const response = await app.inject(options);
      expect(response.statusCode, JSON.stringify(options).slice(0, 200)).toBe(status);
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(response.json()).toMatchObject({
        type: expect.stringMatching(/^urn:curfew:problem:[a-z-]+$/),
        title: expect.any(String),
        status,
        detail: expect.any(String),
        instance: `urn:uuid:${String(response.headers['x-request-id'])}`,
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
