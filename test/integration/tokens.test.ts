import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { createTokens } from '../../src/tokens/index.ts';
import { createWorld, org, type World } from '../support/world.ts';

const issuer = 'https://login.example.com';
const ours = await generateKeyPair('ES256');
const other = await generateKeyPair('ES256');
const rsa = await generateKeyPair('RS256');

let world: World;
let asked = 0;
let isAway = false;
const keys = {
  keys: [
    { ...(await exportJWK(ours.publicKey)), kid: 'one', alg: 'ES256' },
    { ...(await exportJWK(rsa.publicKey)), kid: 'two', alg: 'RS256' },
  ],
};
const server = createServer((_request, response) => {
  asked++;
  response.writeHead(isAway ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(keys));
});

beforeAll(async () => {
  world = await createWorld();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world[Symbol.asyncDispose]();
});

async function appWithIssuer() {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const jwks = `http://127.0.0.1:${address.port}/keys`;
  const tokens = createTokens(
    [{ issuer, audience: 'curfew', jwks, algorithm: 'ES256', principal: 'email', scopes: ['command', 'requests:read'] }],
    { warn: () => undefined },
  );
  const app = await createHttpApp({
    useCases: createUseCases({ ...world.deps, tokens }),
    org,
    log: { info: () => undefined, error: () => undefined },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
  });
  return (token: string) => app.inject({ url: '/o/demo/account', headers: { authorization: `Bearer ${token}` } });
}

type Claims = Record<string, unknown>;
const now = () => Math.floor(Date.now() / 1000);
const claims = (): Claims => ({ iss: issuer, aud: 'curfew', sub: 'u-1', email: 'Bob@Example.com', exp: now() + 300 });
const sign = (changes: Claims = {}, header: Partial<JWTHeaderParameters> = {}, key: typeof ours.privateKey = ours.privateKey) =>
  new SignJWT({ ...claims(), ...changes }).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(key);

describe('a token of a believed issuer', () => {
  it('speaks for the person of its address, with the scopes of its issuer', async () => {
    const get = await appWithIssuer();
    const response = await get(await sign());
    expect([response.statusCode, response.json()]).toEqual([
      200,
      { org: 'demo', email: 'bob@example.com', scopes: ['command', 'requests:read'], roles: [] },
    ]);
    // The subject was linked on first sight, and an address that moved on does not move with it.
    expect((await get(await sign({ email: 'alice@example.com' }))).json().email).toBe('bob@example.com');
    expect((await get(await sign({ exp: now() - 10, email_verified: true }))).statusCode).toBe(200);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['another audience', () => sign({ aud: 'somebody' })],
    ['no audience', () => sign({ aud: undefined })],
    ['another issuer', () => sign({ iss: 'https://evil.example.com' })],
    ['no issuer', () => sign({ iss: undefined })],
    ['an end that is past', () => sign({ exp: now() - 60 })],
    ['no end', () => sign({ exp: undefined })],
    ['a beginning that is to come', () => sign({ nbf: now() + 120 })],
    ['no subject', () => sign({ sub: undefined })],
    ['a subject that cannot be kept', () => sign({ sub: 'a\0b' })],
    ['no address', () => sign({ email: undefined })],
    ['an address that is none', () => sign({ email: 'bob' })],
    ['an address nobody made sure of', () => sign({ sub: 'u-2', email: 'alice@example.com', email_verified: false })],
    ['another key', () => sign({}, {}, other.privateKey)],
    ['an unknown key id', () => sign({}, { kid: 'nobody' })],
    ['another algorithm of a known key', () => sign({}, { alg: 'RS256', kid: 'two' }, rsa.privateKey)],
    ['no signature', () => new UnsecuredJWT(claims()).encode()],
    ['its own key in the header', async () => sign({}, { jwk: await exportJWK(other.publicKey) }, other.privateKey)],
    [
      'a header that must be understood and is not',
      async () =>
        `${Buffer.from('{"alg":"ES256","kid":"one","crit":["x"],"x":1}').toString('base64url')}.${(await sign()).split('.').slice(1).join('.')}`,
    ],
    ['no sense', () => 'a.b.c'],
  ])('is refused with %s', async (_, make) => {
    const get = await appWithIssuer();
    const response = await get(await make());
    expect([response.statusCode, response.json().type]).toEqual([401, 'urn:curfew:problem:unauthenticated']);
  });

  it('is asked for its keys once, whatever key ids come', async () => {
    const get = await appWithIssuer();
    asked = 0;
    await get(await sign());
    for (let i = 0; i < 5; i++) expect((await get(await sign({}, { kid: `unknown ${i}` }))).statusCode).toBe(401);
    expect(asked).toBe(1);
  });

  it('cannot be checked while its issuer is away', async () => {
    const get = await appWithIssuer();
    isAway = true;
    const response = await get(await sign());
    isAway = false;
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '5']);
  });
});
