/** Signing in with the organisation's OpenID provider: the code flow with PKCE, state and nonce. */
import { jwtVerify } from 'jose';
import { z } from 'zod';
import type { Log } from '../app/ports.ts';
import type { SignedIn, SignInAnswer, SignInProblem, SignInProvider } from '../app/sign-in-store.ts';
import { parseEmail } from '../domain/ids.ts';
import { isRefusal, isStorable } from './index.ts';
import { call, createDiscovery, type Provider, ProviderAway } from './provider.ts';
import { derive, isDerived, newSecret, sha256 } from './sign-in-secrets.ts';

/** The client that the provider knows us as. */
export type SignInClient = {
  /** The `iss` of its tokens, to the letter; its metadata is found below. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
};

type Check = Pick<Log, 'warn' | 'error'>;

/** Signatures with a key that only the provider has. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const toleranceSeconds = 30;
const longestAgeSeconds = 600;

const tokensSchema = z.object({ id_token: z.string(), access_token: z.string().optional() });
const claimsSchema = z.object({ sub: z.string(), email: z.unknown().optional(), email_verified: z.unknown().optional() });
type Claims = z.infer<typeof claimsSchema>;

export function createSignIn(client: SignInClient, log: Check): SignInProvider {
  const discover = createDiscovery(client.issuer, () => performance.now());
  const noteAway = (error: unknown): undefined => {
    if (!(error instanceof ProviderAway)) throw error;
    log.warn({ issuer: client.issuer, err: error }, 'the provider that people sign in with could not be used');
  };
  return {
    newSecret,
    hash: sha256,
    address: (browser, callback) => discover().then((provider) => addressOf(provider, client, browser, callback), noteAway),
    async redeem(browser, answer, callback) {
      if (answer.state === undefined || !isDerived(browser, 'state', answer.state)) return 'foreign';
      try {
        return await redeem(await discover(), client, browser, answer, callback, log);
      } catch (error) {
        noteAway(error);
        return 'unavailable';
      }
    },
    formMark: (browser) => derive(browser, 'form'),
    isFormMark: (browser, given) => isDerived(browser, 'form', given),
  };
}

function addressOf(provider: Provider, { clientId }: SignInClient, browser: string, callback: string): string {
  const address = new URL(provider.authorization_endpoint);
  const wish = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callback,
    scope: 'openid email',
    state: derive(browser, 'state'),
    nonce: derive(browser, 'nonce'),
    code_challenge: sha256(derive(browser, 'verifier')),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(wish)) address.searchParams.set(name, value);
  return address.href;
}

async function redeem(
  provider: Provider,
  client: SignInClient,
  browser: string,
  { code, error, iss }: SignInAnswer,
  callback: string,
  log: Check,
): Promise<SignedIn | SignInProblem> {
  // RFC 9207: an answer of another issuer than the one that was asked.
  if (iss === undefined ? provider.authorization_response_iss_parameter_supported === true : iss !== client.issuer) return 'refused';
  if (error !== undefined || code === undefined) return 'refused';
  const tokens = await exchange(provider, client, browser, code, callback, log);
  if (typeof tokens === 'string') return tokens;
  const claims = await readIdToken(tokens.id_token, provider, client, derive(browser, 'nonce'));
  if (claims === undefined) {
    log.warn({ issuer: provider.issuer }, 'the provider gave an ID token that is not good');
    return 'refused';
  }
  // A provider may leave the address to the other place where claims are.
  const vouched = claims.email === undefined ? await askUserInfo(provider, tokens.access_token, claims.sub) : claims;
  const email = typeof vouched?.email === 'string' ? parseEmail(vouched.email) : undefined;
  if (email === undefined || vouched?.email_verified !== true) return 'unverified';
  return { issuer: client.issuer, subject: claims.sub, email };
}

async function exchange(
  provider: Provider,
  { clientId, clientSecret }: SignInClient,
  browser: string,
  code: string,
  callback: string,
  log: Check,
) {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    code_verifier: derive(browser, 'verifier'),
  });
  const headers: Record<string, string> = {};
  // Every provider has the header, unless it says otherwise.
  if (provider.token_endpoint_auth_methods_supported?.includes('client_secret_basic') === false) {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  } else headers['authorization'] = `Basic ${Buffer.from([clientId, clientSecret].map(formEncoded).join(':')).toString('base64')}`;
  const answer = await call(provider.token_endpoint, { method: 'POST', headers, body: form });
  const tokens = tokensSchema.safeParse(answer.status === 200 ? answer.body : undefined);
  if (tokens.success) return tokens.data;
  const why = errorIn(answer.body);
  if (answer.status === 401 || why === 'invalid_client') {
    log.error({ issuer: provider.issuer, why }, 'the provider does not take our client id and secret, so nobody can sign in');
    return 'unavailable' as const;
  }
  log.warn({ issuer: provider.issuer, status: answer.status, why }, 'the provider did not take the code of a sign-in');
  return 'refused' as const;
}

/** One of OAuth's words, and nothing longer. */
const errorIn = (body: unknown): string | undefined => z.object({ error: z.string().regex(/^[a-z_]{1,50}$/) }).safeParse(body).data?.error;

/** RFC 6749, 2.3.1: encoded as in a form before they are joined. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

/** Undefined for a token that is not good. @throws ProviderAway where its keys cannot be had */
async function readIdToken(
  token: string,
  provider: Provider,
  { issuer, clientId }: SignInClient,
  nonce: string,
): Promise<Claims | undefined> {
  try {
    const { payload } = await jwtVerify(token, provider.keys, {
      issuer,
      audience: clientId,
      algorithms,
      requiredClaims: ['exp', 'iat', 'sub', 'nonce'],
      maxTokenAge: longestAgeSeconds,
      clockTolerance: toleranceSeconds,
    });
    const isForUs = payload['azp'] === undefined ? !Array.isArray(payload.aud) || payload.aud.length === 1 : payload['azp'] === clientId;
    const claims = claimsSchema.safeParse(payload);
    return isForUs && payload['nonce'] === nonce && claims.success && isStorable(claims.data.sub) ? claims.data : undefined;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw new ProviderAway('the keys of the provider could not be had', { cause: error });
  }
}

/** Undefined where it says nothing, or speaks of somebody else. */
async function askUserInfo(
  { userinfo_endpoint: address }: Provider,
  token: string | undefined,
  subject: string,
): Promise<Claims | undefined> {
  if (address === undefined || token === undefined) return undefined;
  const answer = await call(address, { headers: { authorization: `Bearer ${token}` } });
  const claims = claimsSchema.safeParse(answer.status === 200 ? answer.body : undefined);
  return claims.data?.sub === subject ? claims.data : undefined;
}
