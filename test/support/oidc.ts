import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { startHttps } from './https.ts';

const resource = 'urn:curfew:demo';
const scope = 'openid email profile okta.apps.sso';
const client = {
  client_id: 'cli',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
  response_types: [],
  redirect_uris: [],
} as const;

/**
 * An OpenID provider on https of this machine, with the device flow at the addresses of Okta. It decides on a log-in when
 * it has been asked for the token once, so that whoever logs in sees it pending: as `decision` says at that moment.
 */
export async function startOidc() {
  let answer: ReturnType<Provider['callback']> | undefined;
  const { domain, certificate, [Symbol.asyncDispose]: close } = await startHttps((request, response) => void answer?.(request, response));
  const issuer = `https://${domain}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const calls: string[] = [];
  const oidc = {
    domain,
    issuer,
    jwks: `${issuer}/oauth2/v1/keys`,
    audience: 'curfew',
    certificate,
    decision: { allow: 'bob' } as { readonly allow: string } | 'deny',
    /** What it was asked, and the status that it answered with. */
    calls,
    /** A token of its own with other claims than it would give. */
    sign: (claims: Record<string, unknown>) =>
      new SignJWT({ iss: issuer, aud: 'curfew', sub: 'bob', email: 'bob@example.com', exp: Math.floor(Date.now() / 1000) + 300, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .sign(privateKey),
    [Symbol.asyncDispose]: close,
  };

  const provider = new Provider(issuer, {
    clients: [{ ...client, grant_types: [...client.grant_types], response_types: [], redirect_uris: [] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' }] },
    scopes: scope.split(' '),
    cookies: { keys: ['only for tests'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (_, token) => ('accountId' in token ? { email: `${token.accountId}@example.com`, email_verified: true } : {}),
    routes: { device_authorization: '/oauth2/v1/device/authorize', token: '/oauth2/v1/token', jwks: '/oauth2/v1/keys' },
    ttl: { DeviceCode: 600, AccessToken: 600, Grant: 600, IdToken: 600 },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: oidc.audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    calls.push(`${ctx.method} ${ctx.path} ${ctx.status}`);
    const body: Record<string, unknown> = Object(ctx.body);
    if (typeof body['device_code'] === 'string') ctx.body = { ...body, interval: 1 };
    if (body['error'] !== 'authorization_pending') return;
    const code = await provider.DeviceCode.find(String(ctx['oidc'].params?.['device_code']));
    if (code === undefined) throw new Error('nobody logs in');
    if (oidc.decision === 'deny') Object.assign(code, { error: 'access_denied', errorDescription: 'no' });
    else {
      const accountId = oidc.decision.allow;
      const grant = new provider.Grant({ accountId, clientId: client.client_id });
      grant.addOIDCScope(scope);
      Object.assign(code, { accountId, grantId: await grant.save(), scope, resource });
    }
    await code.save();
  });
  answer = provider.callback();
  return oidc;
}
