import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trust } from './https.ts';
import { startOidc } from './oidc.ts';
import type { OpenP0Home } from './p0-home.ts';
import { type RunningCurfew, startCurfew } from './running-curfew.ts';

const patience = 60_000;

type Oidc = Awaited<ReturnType<typeof startOidc>>;

/** The part of the configuration that makes this provider's people ours. */
const believing = ({ domain, issuer, jwks, audience }: Oidc): string => `
login: { provider: okta, domain: "${domain}", clientId: cli }
issuers:
  - issuer: "${issuer}"
    audience: ${audience}
    jwks: "${jwks}"
    algorithm: RS256
    scopes: ["command", "requests:read"]
`;

/** Logging in with `p0` at a provider with the device flow, against the whole product as it is configured. */
export function describeP0Login(openHome: OpenP0Home): void {
  let oidc: Oidc;
  let product: RunningCurfew;
  let trusting: Disposable;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-p0-'));
    oidc = await startOidc();
    trusting = trust(oidc.certificate);
    product = await startCurfew({ transport: 'built-in', also: believing(oidc) });
  });
  afterAll(async () => {
    await product[Symbol.asyncDispose]();
    trusting[Symbol.dispose]();
    await oidc[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    oidc.calls.length = 0;
    Object.assign(oidc, { decision: { allow: 'bob' }, audience: 'curfew' });
  });
  const open = () => openHome({ appUrl: product.curfew.url, certificate: oidc.certificate, folder });
  /** What our server was asked from this line of the log on. */
  const answered = (from: number): string[] =>
    product.logged.slice(from).flatMap(({ fields, message }) => {
      const { method, route, status } = fields as { method?: string; route?: string; status?: number };
      return message === 'request answered' && route !== '/o/:org/traces' ? [`${method} ${route} ${status}`] : [];
    });

  describe('p0 login', { timeout: patience }, () => {
    it('lets a person in, who then asks in their own name', async () => {
      const p0 = await open();
      const from = product.logged.length;
      const ran = await p0('login', 'demo');
      expect(ran, ran.stderr).toMatchObject({ exit: 0 });
      expect(answered(from)).toEqual(['GET /cli/version 200', 'GET /orgs/:org 200', 'GET /orgs/:org 200', 'GET /o/:org/account 200']);
      const devices = oidc.calls.filter((call) => !call.startsWith('GET'));
      expect(devices).toEqual(['POST /oauth2/v1/device/authorize 200', 'POST /oauth2/v1/token 400', 'POST /oauth2/v1/token 200']);

      const asked = await p0('request', 'pg', 'role', 'readonly', '--reason', 'after the log-in');
      expect(asked, asked.stderr).toMatchObject({ exit: 0, stderr: expect.stringContaining('for bob@example.com') });
      const found = await product.curfew.pool.query(
        `select p.email from requests r join people p on p.org = r.org and p.id = r.requestor_id where r.reason = 'after the log-in'`,
      );
      expect(found.rows).toEqual([{ email: 'bob@example.com' }]);
      // Its issuer was not believed for more.
      expect(await p0('allow', 'pg', 'role', 'readonly', '--to', 'carol@example.com', '--length', '1 day')).toMatchObject({
        exit: 1,
        stderr: expect.stringContaining('scope'),
      });
    });

    it('lets nobody in whom the provider refuses', async () => {
      oidc.decision = 'deny';
      const p0 = await open();
      const from = product.logged.length;
      expect((await p0('login', 'demo')).exit).toBe(1);
      expect(oidc.calls.filter((call) => call.startsWith('POST')).at(-1)).toBe('POST /oauth2/v1/token 400');
      expect(answered(from)).not.toContain('GET /o/:org/account 200');
    });

    it('lets nobody in with a token that is for somebody else', async () => {
      oidc.audience = 'somebody';
      const p0 = await open();
      const from = product.logged.length;
      expect((await p0('login', 'demo')).exit).toBe(1);
      expect(answered(from)).toContain('GET /o/:org/account 401');
    });

    it('knows no other organisation', async () => {
      const p0 = await open();
      expect((await p0('login', 'other')).exit).toBe(1);
      expect(oidc.calls).toEqual([]);
    });
  });

  describe('a token of the provider', () => {
    it('is taken as long as it is right', async () => {
      const answer = await product.api('GET', '/o/demo/account', undefined, await oidc.sign({}));
      expect(answer).toMatchObject({ status: 200, body: { email: 'bob@example.com' } });
    });

    it.each([
      ['expired', { exp: 1_700_000_000 }],
      ['of another audience', { aud: 'somebody' }],
      ['of another issuer', { iss: 'https://127.0.0.1' }],
    ])('is refused where it is %s, and the command can say so', async (_, claims) => {
      const answer = await product.api('GET', '/o/demo/account', undefined, await oidc.sign(claims));
      expect(answer).toMatchObject({ status: 401, body: { type: 'urn:curfew:problem:unauthenticated', error: expect.any(String) } });
    });
  });
}
