import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Vault } from '../app/ports.ts';

const version = 'v1';
const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM under `key` (32 bytes). The label is authenticated, so a sealed text cannot be opened as another's.
 * @throws from `open` where the key, the label or the text is not the one it was sealed with.
 */
export function createVault(key: Buffer): Vault {
  return {
    seal(text, label) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(label));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${version}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    open(sealed, label) {
      const [mark, body] = sealed.split('.');
      if (mark !== version || body === undefined) throw new Error('a sealed text is of an unknown form');
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes))
        .setAAD(Buffer.from(label))
        .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8');
    },
    newPassword: () => randomBytes(18).toString('base64url'),
  };
}
