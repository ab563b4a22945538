import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { apiKeyOf, isMistypedKey } from '../../src/domain/api-key.ts';

const secret = 'qL3x-_0123456789abcdefghijklmnopqrstuvwxyzAB';

describe('an API key', () => {
  const key = apiKeyOf(secret.slice(0, 43));

  it('ends in the CRC-32 of its secret', () => {
    expect(key).toMatch(/^cfw_[A-Za-z0-9_-]{49}$/);
    const digits = key
      .slice(-6)
      .split('')
      .map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(each));
    expect(digits.reduceRight((sum, digit) => sum * 64 + digit, 0)).toBe(crc32(secret.slice(0, 43)));
  });

  it('tells every single wrong character', () => {
    expect(isMistypedKey(key)).toBe(false);
    for (let at = 4; at < key.length; at++) {
      const wrong = key[at] === 'x' ? 'y' : 'x';
      expect(isMistypedKey(key.slice(0, at) + wrong + key.slice(at + 1)), `character ${at}`).toBe(true);
    }
  });

  it('has nothing to say of other texts', () => {
    for (const text of ['', 'a bootstrap key of somebody', key.slice(0, -1), `${key}A`, key.toUpperCase()])
      expect(isMistypedKey(text), text).toBe(false);
  });
});
