import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSignIn } from '../../src/tokens/sign-in.ts';
import { must } from '../support/http-app.ts';
import { startHttps, trust } from '../support/https.ts';

type Answer = { readonly status?: number; readonly body?: unknown; readonly location?: string };

let server: Awaited<ReturnType<typeof startHttps>>;
let trusted: Disposable;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let issuer: string;
/** What it answers in place of what a sound provider would. */
let instead: Record<string, Answer> = {};
let got: { path: string; authorization: string | undefined; form: URLSearchParams }[] = [];
const logged: string[] = [];
const log = {
  warn: (_: object, message: string) => void logged.push(message),
  error: (_: object, message: string) => void logged.push(message),
};
const client = { clientId: 'curfew', clientSecret: 'a b+c:d%' };
const callback = 'https://curfew.example.com/link/callback';

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  server = await startHttps((request, response) => {
    void (async () => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      got.push({ path, authorization: request.headers.authorization, form: new URLSearchParams(await bodyOf(request)) });
      const sound: Record<string, unknown> = { '/.well-known/openid-configuration': metadata(), '/jwks': { keys: [jwk] } };
      const { status = 200, body = sound[path], location } = instead[path] ?? {};
      response.writeHead(body === undefined && location === undefined && status === 200 ? 404 : status, {
        'content-type': 'application/json',
        ...(location === undefined ? {} : { location }),
      });
      response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
    })();
  });
  trusted = trust(server.certificate);
  issuer = `https://${server.domain}`;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  trusted[Symbol.dispose]();
});
beforeEach(() => {
  instead = {};
  got = [];
  logged.length = 0;
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
const metadata = (more: object = {}) => ({
  issuer,
  authorization_endpoint: `${issuer}/auth?tenant=one`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  userinfo_endpoint: `${issuer}/me`,
  ...more,
});
const now = (): number => Math.floor(Date.now() / 1000);

/** Sends a browser off, and has the provider answer with an ID token of these claims. */
async function outcome(
  claims: Record<string, unknown>,
  { token, discovered = {} }: { token?: (nonce: string) => Promise<string>; discovered?: object } = {},
) {
  const provider = createSignIn({ issuer, ...client }, log);
  instead['/.well-known/openid-configuration'] ??= { body: metadata(discovered) };
  const browser = provider.newSecret();
  const address = await provider.address(browser, callback);
  if (address === undefined) return 'unavailable';
  const query = new URL(address).searchParams;
  const nonce = query.get('nonce') ?? '';
  const sound = {
    iss: issuer,
    aud: 'curfew',
    sub: 's1',
    nonce,
    iat: now(),
    exp: now() + 300,
    email: 'bob@example.com',
    email_verified: true,
  };
  const signed = new SignJWT({ ...sound, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(keys.privateKey);
  instead['/token'] ??= { body: { id_token: await (token?.(nonce) ?? signed), access_token: 'at', token_type: 'Bearer' } };
  return provider.redeem(browser, { state: query.get('state') ?? '', code: 'c', error: undefined, iss: undefined }, callback);
}
const known = { issuer: expect.any(String), subject: 's1', email: 'bob@example.com' };

describe('an ID token', () => {
  it.each<[string, Record<string, unknown>]>([
    ['that is sound', {}],
    ['for us by name', { aud: ['curfew'], azp: 'curfew' }],
    ['by a clock that is a little behind', { exp: now() - 10 }],
  ])('%s says who it is', async (_what, claims) => {
    expect(await outcome(claims)).toEqual(known);
  });

  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claimsFor = (nonce: string) => ({
    iss: issuer,
    aud: 'curfew',
    sub: 's1',
    nonce,
    iat: now(),
    exp: now() + 300,
    email: 'bob@example.com',
    email_verified: true,
  });
  const forged: Record<string, (nonce: string) => Promise<string>> = {
    'without a signature': async (nonce) => `${encoded({ alg: 'none' })}.${encoded(claimsFor(nonce))}.`,
    'signed with our secret': async (nonce) => {
      const text = `${encoded({ alg: 'HS256' })}.${encoded(claimsFor(nonce))}`;
      return `${text}.${createHmac('sha256', client.clientSecret).update(text).digest('base64url')}`;
    },
    'signed by somebody else': async (nonce) =>
      new SignJWT(claimsFor(nonce)).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign((await generateKeyPair('ES256')).privateKey),
    'of a key that the provider does not have': async (nonce) =>
      new SignJWT(claimsFor(nonce)).setProtectedHeader({ alg: 'ES256', kid: 'two' }).sign((await generateKeyPair('ES256')).privateKey),
    'that is none': async () => 'x.y.z',
  };
  it.each(Object.entries(forged))('%s is refused', async (_what, token) => {
    expect(await outcome({}, { token })).toBe('refused');
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://elsewhere.example.com' }],
    ['for another client', { aud: 'other' }],
    ['for several clients', { aud: ['curfew', 'other'] }],
    ['given to another client', { aud: ['curfew', 'other'], azp: 'other' }],
    ['of another sign-in', { nonce: 'other' }],
    ['of no sign-in', { nonce: undefined }],
    ['that has run out', { exp: now() - 100 }],
    ['that never runs out', { exp: undefined }],
    ['of a while ago', { iat: now() - 3_600 }],
    ['of no time', { iat: undefined }],
    ['about nobody', { sub: undefined }],
    ['about somebody who cannot be stored', { sub: 'a\0b' }],
  ])('%s is refused', async (_what, claims) => {
    expect(await outcome(claims)).toBe('refused');
    expect(logged).toEqual(['the provider gave an ID token that is not good']);
  });

  it.each<[string, Record<string, unknown>]>([
    ['without an address', { email: undefined }],
    ['with an address that is not verified', { email_verified: false }],
    ['that does not say whether it is', { email_verified: undefined }],
    ['with a text for that', { email_verified: 'true' }],
  ])('%s vouches for none', async (_what, claims) => {
    expect(await outcome(claims)).toBe('unverified');
  });
});

describe('the address at the userinfo endpoint', () => {
  const without = { email: undefined, email_verified: undefined };
  it('counts where the token has none, and speaks of the same person', async () => {
    instead['/me'] = { body: { sub: 's1', email: 'bob@example.com', email_verified: true } };
    expect(await outcome(without)).toEqual(known);
    expect(got.find(({ path }) => path === '/me')?.authorization).toBe('Bearer at');
  });
  it.each<[string, Answer]>([
    ['of somebody else', { body: { sub: 's2', email: 'bob@example.com', email_verified: true } }],
    ['that is not verified', { body: { sub: 's1', email: 'bob@example.com' } }],
    ['that is refused', { status: 401, body: { sub: 's1', email: 'bob@example.com', email_verified: true } }],
    ['in no JSON', { body: 'bob@example.com' }],
  ])('does not count %s', async (_what, answer) => {
    instead['/me'] = answer;
    expect(await outcome(without)).toBe('unverified');
  });
});

describe('the provider', () => {
  it('is asked by the letter of the standard', async () => {
    const provider = createSignIn({ issuer, ...client }, log);
    const address = new URL(must(await provider.address(provider.newSecret(), callback)));
    expect(Object.fromEntries(address.searchParams)).toEqual({
      tenant: 'one',
      response_type: 'code',
      client_id: 'curfew',
      redirect_uri: callback,
      scope: 'openid email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    await outcome({});
    const [call] = got.filter(({ path }) => path === '/token');
    expect(call?.authorization).toBe(`Basic ${Buffer.from('curfew:a+b%2Bc%3Ad%25').toString('base64')}`);
    expect(Object.fromEntries(call?.form ?? [])).toEqual({
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: callback,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('gets our secret in the form where it does not take the header', async () => {
    expect(await outcome({}, { discovered: { token_endpoint_auth_methods_supported: ['client_secret_post'] } })).toEqual(known);
    const [call] = got.filter(({ path }) => path === '/token');
    expect([call?.authorization, call?.form.get('client_secret')]).toEqual([undefined, client.clientSecret]);
  });

  it.each<[string, object]>([
    ['calls itself by another name', { issuer: 'https://elsewhere.example.com' }],
    ['has no PKCE', { code_challenge_methods_supported: ['plain'] }],
    ['would have secrets sent without TLS', { token_endpoint: 'http://127.0.0.1/token' }],
    ['has no keys', { jwks_uri: undefined }],
  ])('is not used where it %s', async (_what, discovered) => {
    expect(await outcome({}, { discovered })).toBe('unavailable');
    expect(logged).toEqual(['the provider that people sign in with could not be used']);
  });

  it.each<[string, string, Answer]>([
    ['fails', '/.well-known/openid-configuration', { status: 500 }],
    ['has no metadata', '/.well-known/openid-configuration', { status: 404 }],
    ['answers at length', '/.well-known/openid-configuration', { body: 'x'.repeat(300_000) }],
    ['leads elsewhere', '/.well-known/openid-configuration', { status: 302, location: 'https://elsewhere.example.com/' }],
    ['leads elsewhere with the code', '/token', { status: 307, location: 'https://elsewhere.example.com/' }],
    ['fails at the code', '/token', { status: 503 }],
    ['does not know us', '/token', { status: 401, body: { error: 'invalid_client' } }],
    ['does not know us, in other words', '/token', { status: 400, body: { error: 'invalid_client' } }],
    ['has lost its keys', '/jwks', { status: 500 }],
    ['fails at the address', '/me', { status: 502 }],
  ])('is away where it %s', async (_what, path, answer) => {
    instead[path] = answer;
    expect(await outcome(path === '/me' ? { email: undefined } : {})).toBe('unavailable');
    expect(logged).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['does not take the code', { status: 400, body: { error: 'invalid_grant' } }],
    ['gives no ID token', { body: { access_token: 'at' } }],
    ['gives no JSON', { body: 'id_token' }],
  ])('lets nobody in where it %s', async (_what, answer) => {
    instead['/token'] = answer;
    expect(await outcome({})).toBe('refused');
  });

  it('is asked for its metadata anew after it was away', async () => {
    const provider = createSignIn({ issuer, ...client }, log);
    instead['/.well-known/openid-configuration'] = { status: 500 };
    expect(await provider.address(provider.newSecret(), callback)).toBeUndefined();
    instead = {};
    expect(await provider.address(provider.newSecret(), callback)).toMatch(/^https:/);
    expect(await provider.address(provider.newSecret(), callback)).toMatch(/^https:/);
    expect(got).toHaveLength(2);
  });
});
