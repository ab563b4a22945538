import { type Result, accept, reject } from './result.ts';

/** In characters as people count them, and as Postgres does. */
export const longestReason = 1000;

// Newlines and tabs stay. Direction overrides go: an approver must read what was written, in its order.
const unwanted = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A reason as it is stored: trimmed, with plain line ends, without control and direction characters.
 * @returns undefined inside for a reason that says nothing: it must not pass where one is required.
 */
export function parseReason(text: string): Result<string | undefined> {
  const plain = text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(unwanted, (character) => (character === '\n' || character === '\t' ? character : ''))
    .trim();
  if (Array.from(plain).length > longestReason) return reject({ code: 'reason-too-long', maximum: longestReason });
  return accept(plain === '' ? undefined : plain);
}
