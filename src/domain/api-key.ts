import { type DurationSeconds, isDurationSeconds } from './duration.ts';

/** An API key is `cfw_`, 256 random bits as 43 characters of base64url, and 6 more that are their checksum. */
const prefix = 'cfw_';
const form = /^cfw_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})$/;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** @param secret 43 characters of base64url */
export const apiKeyOf = (secret: string): string => `${prefix}${secret}${checksum(secret)}`;

/** It has the form of a key and the wrong checksum: no key of ours ever looked like that. */
export function isMistypedKey(text: string): boolean {
  const [, secret, sum] = form.exec(text) ?? [];
  return secret !== undefined && sum !== checksum(secret);
}

/** CRC-32 as six characters. It tells slips of the hand, and guards nothing: the random bits do that. */
function checksum(ascii: string): string {
  let crc = 0xffff_ffff;
  for (const character of ascii) {
    crc ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  let rest = ~crc >>> 0;
  let text = '';
  for (let i = 0; i < 6; i++) {
    text += alphabet[rest % 64] ?? '';
    rest = Math.floor(rest / 64);
  }
  return text;
}

export const mostKeys = 100;
export const longestKeyName = 100;

const days = (count: number): DurationSeconds => {
  const seconds = count * 86_400;
  if (!isDurationSeconds(seconds)) throw new RangeError(`${count} days is no duration`);
  return seconds;
};
export const usualKeyLife = days(90);
export const longestKeyLife = days(365);
