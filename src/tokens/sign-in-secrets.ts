/** All that makes a sign-in safe is derived from one secret, which only the browser has. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

type Purpose = 'state' | 'nonce' | 'verifier' | 'form';

/** 256 random bits; 43 characters that an address and a cookie can hold. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** What is kept of a secret, and the challenge of PKCE's S256. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Nobody can tell from one of these what another is. */
export const derive = (secret: string, purpose: Purpose): string => createHmac('sha256', secret).update(purpose).digest('base64url');

export function isDerived(secret: string, purpose: Purpose, given: string): boolean {
  const [one, other] = [derive(secret, purpose), given].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
