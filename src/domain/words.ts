/** Slack's slash command text → words, with a shell's quoting and what phones and Slack make of typed text undone. */
import { findCommand } from './grammar.ts';
import { type Result, accept } from './result.ts';
import { usage } from './scan.ts';

/** Slack's own markup is the only raw `<…>` there is: one that a person types arrives as `&lt;`. */
const markup = /<([^<>]*)>/y;
const entity = /&(amp|lt|gt);/y;
const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
]);
const space = /\s/;

/** What stands at one place of the text, markup and entities undone; `isLiteral` means that no character in it quotes. */
type Piece = { readonly text: string; readonly size: number; readonly isLiteral: boolean };

function pieceAt(text: string, at: number): Piece {
  const link = matchAt(markup, text, at);
  if (link !== undefined) return { text: linkText(link.whole, link.inner), size: link.whole.length, isLiteral: true };
  const escaped = matchAt(entity, text, at);
  if (escaped !== undefined) return { text: entities.get(escaped.inner) ?? '', size: escaped.whole.length, isLiteral: true };
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return { text: character, size: character.length, isLiteral: false };
}

function matchAt(pattern: RegExp, text: string, at: number): { readonly whole: string; readonly inner: string } | undefined {
  pattern.lastIndex = at;
  const [whole, inner] = pattern.exec(text) ?? [];
  return whole === undefined || inner === undefined ? undefined : { whole, inner };
}

const unescape = (text: string): string => text.replace(/&(amp|lt|gt);/g, (whole, name: string) => entities.get(name) ?? whole);

/** An address or link becomes what was typed; mentions of people and channels stay, their ids are needed. */
function linkText(whole: string, inner: string): string {
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? undefined : inner.slice(bar + 1);
  if (target.startsWith('mailto:')) return unescape(target.slice('mailto:'.length));
  if (!/^https?:\/\//.test(target)) return whole;
  // Slack makes a link of every host name: db.example.com must not become http://db.example.com.
  return unescape(label !== undefined && target === `http://${label}` ? label : target);
}

/** `text` up to `end`, the place behind what was read; undefined where a quote is not closed. */
type Span = { readonly text: string; readonly end: number };

/** Which character closes a quote that opens here. `’` inside a word is an apostrophe, not a quote. */
function closers(character: string, before: string): string {
  if (character === '"' || character === "'") return character;
  if (character === '“' || character === '”') return '“”';
  const isAtStart = before === '' || before.endsWith('=');
  return isAtStart && (character === '‘' || character === '’') ? '‘’' : '';
}

function quotedFrom(text: string, start: number, closing: string): Span | undefined {
  let read = '';
  for (let at = start; at < text.length; ) {
    const piece = pieceAt(text, at);
    const after = at + piece.size;
    if (!piece.isLiteral && closing.includes(piece.text)) {
      const isApostrophe = closing === '‘’' && after < text.length && !space.test(text.charAt(after));
      if (!isApostrophe) return { text: read, end: after };
    }
    const next = after < text.length ? pieceAt(text, after) : undefined;
    const isEscape = piece.text === '\\' && (closing === '"' || closing === '“”') && next !== undefined && !next.isLiteral;
    if (isEscape && (next.text === '\\' || closing.includes(next.text))) {
      read += next.text;
      at = after + next.size;
    } else {
      read += piece.text;
      at = after;
    }
  }
  return undefined;
}

/** One word from its first character on. */
function wordFrom(text: string, start: number): Span | undefined {
  let read = '';
  let at = start;
  while (at < text.length && !space.test(text.charAt(at))) {
    const piece = pieceAt(text, at);
    at += piece.size;
    const closing = piece.isLiteral ? '' : closers(piece.text, read);
    if (closing !== '') {
      const quotation = quotedFrom(text, at, closing);
      if (quotation === undefined) return undefined;
      read += quotation.text;
      at = quotation.end;
    } else if (!piece.isLiteral && piece.text === '\\' && at < text.length) {
      const next = pieceAt(text, at);
      read += next.text;
      at += next.size;
    } else read += piece.text;
  }
  // Slack and phones make one dash of two hyphens.
  const isDashed = /^[—–]\p{L}/u.test(text.slice(start, start + 3));
  return { text: isDashed ? `--${read.slice(1)}` : read, end: at };
}

/**
 * Words are separated by white space. Single quotes keep everything; in double quotes, straight or typographic, a
 * backslash keeps a quote or backslash; outside, it keeps any character.
 * Refuses with `usage` where a quote is not closed. `program` is for the usage text only.
 */
export function splitWords(text: string, program: string): Result<readonly string[]> {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (space.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const word = wordFrom(text, at);
    if (word === undefined) return usage(findCommand(words[0]), program, 'A quote is not closed.');
    words.push(word.text);
    at = word.end;
  }
  return accept(words);
}
