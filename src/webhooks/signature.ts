import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';

/** `whsec_` and 256 random bits in base64. */
export const newSecret = (): string => `${prefix}${randomBytes(32).toString('base64')}`;

/** The header `webhook-signature` of Standard Webhooks: one HMAC-SHA256 per secret. `timestamp` is in seconds since 1970. */
export const sign = (secrets: readonly string[], messageId: string, timestamp: number, body: string): string =>
  secrets
    .map((secret) => createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64')).update(`${messageId}.${timestamp}.${body}`))
    .map((hmac) => `v1,${hmac.digest('base64')}`)
    .join(' ');
