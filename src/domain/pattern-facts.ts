/** What can be said for certain of a pattern of RE2 that is looked for anywhere in a text. "False" means "not certain". */

/** Is the pattern found in the text? Undefined: it does not compile. */
export type Find = (pattern: string, text: string) => boolean | undefined;

/**
 * Is it found in every text (of one line)?
 *
 * What asserts nothing about its place and is found in the empty text can be empty, so it is found at every place of every
 * text. One `^` before such a pattern, or one `$` behind it, is met at the start and at the end, which every text has.
 */
export function findsEverything(pattern: string, find: Find): boolean {
  if (find(pattern, '') !== true) return false;
  // Only a dot's not taking line breaks stands between this one and the rule.
  if (pattern === '^.*$') return true;
  const body = pattern.startsWith('^') ? pattern.slice(1) : /(?:^|[^\\])(?:\\\\)*\$$/.test(pattern) ? pattern.slice(0, -1) : pattern;
  return !assertsPlace(body) && find(body, '') === true;
}

/** May the pattern hold an assertion, or quoted text in which nothing means what it looks like? */
function assertsPlace(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\([^AbBzZQE])/g, '').replaceAll('[^', '[');
  return /[\\^$]/.test(bare);
}

/** Is it found in no text, because something must come before the start, or after the end, of all its alternatives? */
export function findsNothing(pattern: string): boolean {
  const alternatives: Piece[][] = [[]];
  for (let at = 0; at < pattern.length; ) {
    const pieces = alternatives.at(-1) ?? [];
    const [token, kind] = readToken(pattern.slice(at)) ?? [];
    if (token === undefined) return false;
    at += token.length;
    if (kind === 'or') alternatives.push([]);
    // Fewer pieces never make an alternative impossible, so it is safe to take one away that might have to stay.
    else if (kind === 'optional') pieces.pop();
    else if (kind !== undefined) pieces.push(kind);
  }
  return alternatives.every(isImpossible);
}

type Piece = 'start' | 'end' | 'something' | 'nothing';

const tokens: readonly (readonly [RegExp, Piece | 'or' | 'optional' | undefined])[] = [
  [/^(?:\^|\\A)/, 'start'],
  [/^(?:\$|\\z)/, 'end'],
  [/^\|/, 'or'],
  [/^(?:[*?]|\{\d+(?:,\d*)?\})/, 'optional'],
  [/^\+/, undefined],
  [/^\\[bB]/, 'nothing'],
  [/^\\[dDwWsSntrfva!-/:-@[-`{-~]/, 'something'],
  [/^\[\^?[^\]\\[][^\]\\[]*\]/, 'something'],
  [/^[^\\[()]/su, 'something'],
];

/** Undefined for what would take a parser: groups, flags, classes with escapes, Unicode classes. */
function readToken(rest: string): readonly [string, Piece | 'or' | 'optional' | undefined] | undefined {
  for (const [form, kind] of tokens) {
    const found = form.exec(rest)?.[0];
    if (found !== undefined) return [found, kind];
  }
  return undefined;
}

function isImpossible(pieces: readonly Piece[]): boolean {
  const end = pieces.indexOf('end');
  const start = pieces.lastIndexOf('start');
  return (end >= 0 && pieces.lastIndexOf('something') > end) || (start >= 0 && pieces.slice(0, start).includes('something'));
}
