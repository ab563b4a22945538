import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { p0Client } from '../support/p0-client.ts';
import { type P0Server, startP0Server } from '../support/p0-server.ts';
import { describeP0, patience } from '../support/p0-transcripts.ts';

describe('what the published command sends and makes of the answers', () => describeP0(p0Client()));

describe('commands of other ages', { timeout: patience }, () => {
  let server: P0Server;
  beforeAll(async () => {
    server = await startP0Server();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const [old, doubled] = [p0Client('old'), p0Client('doubled')];

  it('double a slash, and are understood', async () => {
    const ran = await doubled(await server.login('d1'), 'request', 'pg', 'role', 'readonly', '--reason', 'doubled');
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(server.proxy.sent()).toContain('POST //o/demo/command/ HTTP/1.1');
    await server.decide(await server.asked('doubled'), 'deny');
  });

  it.each(['//o/demo/command/', '/o/demo//command/', '/o//demo/command//', '/o/demo/command'])(
    'may write the address as %s',
    async (address) => {
      const { url, token } = await server.login('d2');
      const response = await fetch(`${url}${address}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"argv":["ls","pg","role","--size","30"],"scriptName":"p0"}',
      });
      expect([response.status, await response.json()]).toMatchObject([200, { ok: true, arg: 'role', items: expect.any(Array) }]);
    },
  );

  const request = (reason: string) => ['request', 'pg', 'role', 'readonly', '--reason', reason, '-w'];

  it('wait in the answer to the command, and get the outcome there', async () => {
    const login = await server.login('o1');
    const running = old(login, ...request('in one stream'));
    const id = await server.asked('in one stream');
    const sent = { argv: request('in one stream').slice(0, -1), scriptName: 'p0', wait: true };
    expect(server.proxy.sent()).toContain(JSON.stringify(sent));
    await server.decide(id, 'approve');
    await server.world.reconcile();
    const ran = await running;
    expect(ran).toMatchObject({ exit: 0, stderr: expect.stringContaining(`request ${id}`) });
    expect(server.proxy.sent()).not.toContain('/poll');

    const denied = old(login, ...request('not in one stream'));
    await server.decide(await server.asked('not in one stream'), 'deny');
    expect((await denied).exit).toBe(2);
    expect((await old({ ...login, url: server.impatientUrl }, ...request('too long'))).exit).toBe(4);
  });

  it('ask again after their line was cut, and get the same request', async () => {
    const running = old(await server.login('o2'), ...request('cut in one stream'));
    const id = await server.asked('cut in one stream');
    server.server.closeAllConnections();
    await expect.poll(() => server.proxy.sent().split('cut in one stream').length - 1, { timeout: patience }).toBeGreaterThan(1);
    await server.decide(id, 'deny');
    expect((await running).exit).toBe(2);
  });

  it('are answered in one line where there is nothing to wait for', async () => {
    const carol = await server.login('carol');
    const allow = ['allow', 'pg', 'role', 'readonly', '--to', 'o4@example.com', '--length', '1 day', '-w'];
    expect(await old(carol, ...allow)).toMatchObject({ exit: 0, stderr: expect.stringContaining('Pre-approved o4@example.com') });
    for (const words of [
      ['request', '--help', '-w'],
      ['allow', '--help', '-w'],
    ]) {
      expect(await old(carol, ...words)).toMatchObject({ exit: 0, stderr: expect.stringContaining('Options:') });
    }
    for (const words of [
      ['allow', 'pg', 'role', 'readonly', '--to', 'carol@example.com', '--length', '1 day', '-w'],
      ['request', 'nowhere', '-w'],
      ['grant', 'pg', '-w'],
    ]) {
      expect((await old(carol, ...words)).exit).toBe(1);
    }
  });

  it('get every success as a line of data, and every error as plain JSON', async () => {
    const login = await server.login('o3');
    for (const argv of [['ls'], ['request', '--help'], ['request', 'nowhere'], ['status'], ['ls', '--help']]) {
      const response = await fetch(`${login.url}/o/demo/command/`, {
        method: 'POST',
        headers: { authorization: `Bearer ${login.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ argv, scriptName: 'p0', wait: true }),
      });
      expect(response.headers.get('content-type')).toMatch(response.ok ? /^application\/x-ndjson/ : /^application\/problem\+json/);
      const body = await response.text();
      expect(JSON.parse(body)).toMatchObject(response.ok ? { type: 'data', data: { ok: true } } : { error: expect.any(String) });
      expect(body.endsWith('\n')).toBe(response.ok);
    }
  });
});

describe('a token that is revoked while its holder waits', { timeout: patience }, () => {
  it('learns nothing more', async () => {
    await using server = await startP0Server();
    const running = p0Client()(await server.login('k1'), 'request', 'pg', 'role', 'readonly', '--reason', 'revoked key', '-w');
    const id = await server.asked('revoked key');
    await server.polled(id);
    await server.revokeKey('k1');
    await server.decide(id, 'deny');
    expect(await running).toMatchObject({ exit: 1, stderr: expect.stringContaining('revoked') });
  });
});

describe('a server that stops', { timeout: patience }, () => {
  it('cuts the streams, so that whoever waits asks another', async () => {
    await using server = await startP0Server();
    const { url, token } = await server.login('s1');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ argv: ['request', 'pg', 'role', 'readonly', '--reason', 'stopping'], scriptName: 'p0', wait: true });
    const response = await fetch(`${url}/o/demo/command`, { method: 'POST', headers, body });
    const id = await server.asked('stopping');
    const poll = await fetch(`${url}/o/demo/command/${id}/poll`, { headers });
    await server.close();
    // A stream that merely ended would read as an answer without an outcome.
    await expect(response.text()).rejects.toThrow();
    await expect(poll.text()).rejects.toThrow();
  });
});
