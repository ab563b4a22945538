import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { startHttps } from './https.ts';

/** Its secret has what must be encoded before it goes into a header. */
export const client = { id: 'curfew', secret: 'a:secret+with%20of=it/all' };

type Decision = { readonly allow: string } | 'deny' | 'away';

/**
 * An OpenID provider with the code flow, on https of this machine. Whoever comes is let in as `decision` says.
 * @param inIdToken  where the address is: in the ID token, or only where OpenID puts it, at the userinfo endpoint
 */
export async function startSignInProvider({ inIdToken = false }: { inIdToken?: boolean } = {}) {
  let answer: ReturnType<Provider['callback']> | undefined;
  const oidc = {
    issuer: '',
    certificate: '',
    /** The one address that it leads back to. */
    callback: '',
    decision: { allow: 'bob' } as Decision,
    /** What it says of people, by account. */
    claims: new Map<string, Record<string, unknown>>(),
    calls: new Array<string>(),
    [Symbol.asyncDispose]: async () => undefined as void,
  };
  const server = await startHttps((request, response) => {
    oidc.calls.push(`${request.method} ${(request.url ?? '').split('?')[0]}`);
    if (oidc.decision === 'away') return void response.writeHead(503).end();
    if (!request.url?.startsWith('/let-in/')) return void answer?.(request, response);
    const result =
      oidc.decision === 'deny'
        ? { error: 'access_denied', error_description: 'no <b>way</b>' }
        : { login: { accountId: oidc.decision.allow } };
    return void provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  });
  Object.assign(oidc, {
    issuer: `https://${server.domain}`,
    certificate: server.certificate,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  });
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(oidc.issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: ['https://unused.example.com/'] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: !inIdToken,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, ...oidc.claims.get(id) }),
    }),
    async loadExistingGrant(ctx) {
      const accountId = ctx.oidc.session?.accountId;
      if (accountId === undefined) return undefined;
      const grant = new provider.Grant({ accountId, clientId: client.id });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/let-in/${interaction.uid}` },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  });
  provider.Client.prototype.redirectUriAllowed = (uri: string) => uri === oidc.callback;
  answer = provider.callback();
  return oidc;
}
