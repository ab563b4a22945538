/** What an OpenID provider says of itself, and calls to it. */
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

const answerWithinMs = 5_000;
const keepMs = 600_000;
const cooldownMs = 30_000;
/** Metadata, tokens and claims are a few kilobytes. */
const longestAnswer = 256 * 1024;

const https = z.string().refine((text) => URL.parse(text)?.protocol === 'https:', 'must be an https address');
const metadataSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: https,
  token_endpoint: https,
  jwks_uri: https,
  userinfo_endpoint: https.optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

export type Provider = z.infer<typeof metadataSchema> & { readonly keys: JWTVerifyGetKey };

type Call = { readonly method?: 'POST'; readonly headers?: Readonly<Record<string, string>>; readonly body?: URLSearchParams };

/** It did not answer, or not as a provider does. `message` may be logged. */
export class ProviderAway extends Error {}

/** Sent once; redirects are not followed. @throws ProviderAway where no answer came, or a 5xx */
export async function call(
  address: string,
  { headers = {}, ...init }: Call = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { host } = new URL(address);
  try {
    const all = { accept: 'application/json', ...headers };
    const response = await fetch(address, { ...init, headers: all, redirect: 'error', signal: AbortSignal.timeout(answerWithinMs) });
    const text = await readText(response);
    if (response.status >= 500) throw new ProviderAway(`${host} answered ${response.status}`);
    return { status: response.status, body: parseJson(text) };
  } catch (error) {
    if (error instanceof ProviderAway) throw error;
    throw new ProviderAway(`${host} did not answer`, { cause: error });
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > longestAnswer) throw new ProviderAway('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Reads the provider's metadata, and keeps it for ten minutes. @throws ProviderAway */
export function createDiscovery(issuer: string, nowMs: () => number): () => Promise<Provider> {
  let kept: { readonly at: number; readonly provider: Provider } | undefined;
  return async () => {
    if (kept !== undefined && nowMs() - kept.at < keepMs) return kept.provider;
    const answer = await call(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const metadata = metadataSchema.safeParse(answer.status === 200 ? answer.body : undefined);
    if (!metadata.success) throw new ProviderAway('the metadata of the provider cannot be used');
    if (metadata.data.issuer !== issuer) throw new ProviderAway('the provider calls itself by another name than the one configured');
    if (metadata.data.code_challenge_methods_supported?.includes('S256') === false)
      throw new ProviderAway('the provider has no PKCE with S256');
    const keys = createRemoteJWKSet(new URL(metadata.data.jwks_uri), { cooldownDuration: cooldownMs, timeoutDuration: answerWithinMs });
    kept = { at: nowMs(), provider: { ...metadata.data, keys } };
    return kept.provider;
  };
}
