/** Words that somebody typed, made fit to be repeated to them. */

/** Controls, invisible formatting (which can turn text around), halves of characters, line and paragraph separators. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const everyUnprintable = new RegExp(unprintable, 'gu');

export const isPrintable = (text: string): boolean => !unprintable.test(text);

const longestSaid = 100;

/** At most 100 characters on one line: an answer must not become as long or as odd as what was sent. */
export function clip(text: string): string {
  const characters = Array.from(text.slice(0, 2 * longestSaid + 2).replace(everyUnprintable, '\u{fffd}'));
  return characters.length <= longestSaid ? characters.join('') : `${characters.slice(0, longestSaid - 1).join('')}…`;
}

export const quoted = (text: string): string => `"${clip(text)}"`;
