import { describe, expect, it } from 'vitest';
import { httpApp, key, listening } from '../support/http-app.ts';

const login = { provider: 'okta', domain: 'login.example.com:8443', clientId: 'cli' } as const;
const bearer = { authorization: `Bearer ${key}` };

describe('the document about an organisation', () => {
  it('says how to log in, in the shapes of old and new commands', async () => {
    const { app } = await httpApp({}, { login });
    const response = await app.inject('/orgs/demo');
    const sso = {
      ssoProvider: 'oidc-pkce',
      providerType: 'okta',
      providerId: 'okta',
      providerDomain: 'login.example.com:8443',
      clientId: 'cli',
    };
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({
      slug: 'demo',
      useProviderToken: true,
      auth: { type: 'sso', provider: sso },
      ...sso,
      config: { appUrl: 'http://127.0.0.1:3000', skipVersionCheck: 'true', fs: { apiKey: 'unused', appId: 'unused' } },
    });
  });

  it('names the environment of Ping', async () => {
    const { app } = await httpApp({}, { login: { ...login, provider: 'ping', environmentId: 'env-1' } });
    expect((await app.inject('/orgs/demo')).json().auth.provider).toMatchObject({ providerType: 'ping', environmentId: 'env-1' });
  });

  it('names a kind without a login where none is configured', async () => {
    const { app } = await httpApp();
    const response = await app.inject('/orgs/demo');
    expect([response.statusCode, response.json().auth]).toEqual([200, { type: 'magic-link' }]);
  });

  it('is there for no other organisation', async () => {
    const { app } = await httpApp();
    const response = await app.inject('/orgs/other');
    expect([response.statusCode, response.json().error]).toEqual([404, 'Not found']);
  });

  it('is not given out without end', async () => {
    const { app } = await httpApp({}, { rateLimit: 1 });
    await app.inject('/orgs/demo');
    const response = await app.inject('/orgs/demo');
    expect([response.statusCode, Number(response.headers['retry-after']) > 0]).toEqual([429, true]);
  });
});

it('answers the question for the version with the lowest there is', async () => {
  const { app } = await httpApp();
  expect((await app.inject('/cli/version')).json()).toEqual({ version: '0.0.0' });
});

describe('the account', () => {
  it('is told to whoever has a token', async () => {
    const answer = { org: 'demo', email: 'bob@example.com', scopes: ['command'], roles: ['owner'] };
    const { app } = await httpApp({ keys: { account: async () => answer } as never });
    expect((await app.inject({ url: '/o/demo/account', headers: bearer })).json()).toEqual(answer);
    expect((await app.inject('/o/demo/account')).statusCode).toBe(401);
  });
});

describe('traces', () => {
  const post = async (payload: string | Buffer, headers: Record<string, string>) => {
    const { app } = await httpApp();
    return app.inject({ method: 'POST', url: '/o/demo/traces', headers: { ...bearer, ...headers }, payload });
  };

  it.each([
    ['JSON', '{"resourceSpans":[]}', { 'content-type': 'application/json' }],
    ['broken JSON', '{"resource', { 'content-type': 'application/json' }],
    ['protobuf', Buffer.from([0, 1, 2, 255]), { 'content-type': 'application/x-protobuf' }],
    ['a body of no type', 'x', {}],
    ['nothing', '', {}],
    ['much', Buffer.alloc(1024 * 1024), { 'content-type': 'application/json' }],
  ] as [string, string | Buffer, Record<string, string>][])('are taken as %s', async (_, payload, headers) => {
    const response = await post(payload, headers);
    expect([response.statusCode, response.body]).toEqual([200, '{}']);
  });

  it('are refused where they are too much, or nobody’s', async () => {
    expect((await post(Buffer.alloc(1024 * 1024 + 1), { 'content-type': 'application/json' })).statusCode).toBe(413);
    expect((await post('{}', { authorization: 'Bearer x' })).statusCode).toBe(401);
  });

  it('are taken in chunks, and keep other addresses to JSON', async () => {
    const { app } = await httpApp();
    const { server, port } = await listening(app);
    const chunks = new ReadableStream({
      start(controller) {
        for (const chunk of ['{"resource', 'Spans":[]}']) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    const init = { method: 'POST', headers: { ...bearer, 'content-type': 'application/json' }, body: chunks, duplex: 'half' as const };
    const response = await fetch(`http://127.0.0.1:${port}/o/demo/traces`, init);
    expect([response.status, await response.json()]).toEqual([200, {}]);
    const command = await app.inject({
      method: 'POST',
      url: '/o/demo/command',
      headers: { ...bearer, 'content-type': 'text/plain' },
      payload: 'x',
    });
    expect(command.statusCode).toBe(415);
    server.closeAllConnections();
    server.close();
  });
});
