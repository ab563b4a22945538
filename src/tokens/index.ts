import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Log, Tokens } from '../app/ports.ts';
import { type Email, parseEmail } from '../domain/ids.ts';
import type { Scope } from '../domain/scope.ts';

/** An issuer of JWTs that is believed, and how far. */
export type Issuer = {
  /** The `iss` of its tokens, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** Where its public keys are. Nothing in a token can name another place, and redirects are not followed. */
  readonly jwks: string;
  /** The one algorithm that its tokens are signed with. */
  readonly algorithm: string;
  /** The claim that holds the person's e-mail address. */
  readonly principal: string;
  readonly scopes: readonly Scope[];
};

const toleranceSeconds = 30;
/** So often, at most, tokens with an unknown key id make us ask for the keys again. */
const cooldownMs = 30_000;
const answerWithinMs = 3_000;
const longestSubject = 1_000;

/** Believes the tokens of these issuers and of nobody else. Key material in a token's header is never looked at. */
export function createTokens(issuers: readonly Issuer[], log: Pick<Log, 'warn'>): Tokens {
  const known = new Map(
    issuers.map((each) => [
      each.issuer,
      { ...each, keys: createRemoteJWKSet(new URL(each.jwks), { cooldownDuration: cooldownMs, timeoutDuration: answerWithinMs }) },
    ]),
  );
  return {
    async verify(token) {
      // Only says whose keys to try: the signature is checked before anything is believed.
      const issuer = known.get(claimedIssuer(token) ?? '');
      if (issuer === undefined) return undefined;
      try {
        const payload = await readToken(token, issuer, issuer.keys);
        return payload === undefined ? undefined : { ...payload, scopes: new Set(issuer.scopes) };
      } catch (error) {
        if (isRefusal(error)) return undefined;
        log.warn({ issuer: issuer.issuer, err: error }, 'the keys of an issuer could not be had');
        return 'unavailable';
      }
    },
  };
}

async function readToken(token: string, { issuer, audience, algorithm, principal }: Issuer, keys: JWTVerifyGetKey) {
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience,
    algorithms: [algorithm],
    requiredClaims: ['exp', 'sub'],
    clockTolerance: toleranceSeconds,
  });
  const subject = payload.sub;
  const email = addressIn(payload, principal);
  if (subject === undefined || !isStorable(subject) || email === undefined) return undefined;
  return { identity: { provider: issuer, subject, email } };
}

/** An address that the issuer has not made sure of could be anybody's. */
function addressIn(payload: JWTPayload, claim: string): Email | undefined {
  const verified = payload['email_verified'];
  if (verified !== undefined && verified !== true && verified !== 'true') return undefined;
  const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  return typeof value === 'string' ? parseEmail(value) : undefined;
}

export const isStorable = (text: string): boolean =>
  text !== '' && text.length <= longestSubject && text.isWellFormed() && !text.includes('\0');

function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** What is the token's fault. The rest is the fault of where its keys should have been. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) &&
  error.code !== 'ERR_JOSE_GENERIC';
