/** One line of text as a value, from which both the block and the notification text are made. Whatever people wrote stays text. */
import type { RichTextElement } from '@slack/types';
import { isoTime, type Instant, epochSeconds } from '../src/domain/time.ts';

type Piece =
  | { readonly kind: 'words'; readonly text: string; readonly style: 'bold' | 'code' | undefined }
  | { readonly kind: 'date'; readonly at: Instant; readonly withSeconds: boolean }
  | { readonly kind: 'link'; readonly url: string; readonly text: string };
export type Line = readonly Piece[];

/** Longer than any name we know of, short enough that no message gets near Slack's limits. */
const longestName = 150;

// Controls, invisible formatting (which can turn text around or hide it), halves of characters, separators of lines.
const unwanted = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const controlsButNewline = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The first `maximum` characters as Slack counts them (code points), the last of them "…" where something is left out. */
export function cut(text: string, maximum: number): string {
  const characters = Array.from(text.slice(0, 2 * maximum + 2));
  return characters.length <= maximum ? text : `${characters.slice(0, maximum - 1).join('')}…`;
}

/** On one line, without what cannot be seen; "–" where nothing is left, because Slack refuses empty text. */
export function onOneLine(text: string, maximum: number): string {
  const plain = text.replace(/\s+/g, ' ').replace(unwanted, '').trim();
  return plain === '' ? '–' : cut(plain, maximum);
}

/** Keeps line breaks, at most two in a row. */
export function onLines(text: string, maximum: number): string {
  const plain = text
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(/\t/g, ' ')
    .replace(controlsButNewline, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return plain === '' ? '–' : cut(plain, maximum);
}

/** For mrkdwn and a message's `text`: the three characters by which mentions and links begin. */
export const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Words of ours or of others, on one line; empty text makes no piece. */
export const words = (text: string): Line => (text === '' ? [] : [{ kind: 'words', text, style: undefined }]);
export const bold = (name: string): Line => [{ kind: 'words', text: onOneLine(name, longestName), style: 'bold' }];
export const code = (text: string): Line => [{ kind: 'words', text: onOneLine(text, longestName), style: 'code' }];
/** Only for addresses that Slack gave us, with words of ours: whose link it is must be beyond doubt. */
export const link = (text: string, url: string): Line => [{ kind: 'link', url, text }];
/** Shown in the reader's own time zone. */
export const date = (at: Instant): Line => [{ kind: 'date', at, withSeconds: false }];
export const exactDate = (at: Instant): Line => [{ kind: 'date', at, withSeconds: true }];

/** `line` without its parts' seams: strings are words of ours. */
export const line = (...parts: readonly (string | Line)[]): Line =>
  parts.flatMap((part) => (typeof part === 'string' ? words(part) : part));

const format = (withSeconds: boolean): string => `{date_short_pretty} at ${withSeconds ? '{time_secs}' : '{time}'}`;

function utc(at: Instant, withSeconds: boolean): string {
  const stamp = isoTime(at);
  return `${stamp.slice(0, 10)} ${stamp.slice(11, withSeconds ? 19 : 16)} UTC`;
}

export function toElement(piece: Piece): RichTextElement {
  if (piece.kind === 'link') return { type: 'link', url: piece.url, text: piece.text };
  if (piece.kind === 'date') {
    const fallback = utc(piece.at, piece.withSeconds);
    return { type: 'date', timestamp: epochSeconds(piece.at), format: format(piece.withSeconds), fallback };
  }
  return { type: 'text', text: piece.text, ...(piece.style === undefined ? {} : { style: { [piece.style]: true } }) };
}

/** As mrkdwn for a message's `text`: notifications, search and screen readers have nothing else. */
export function toText(given: Line): string {
  const show = (piece: Piece): string => {
    if (piece.kind === 'words') return escape(piece.text);
    // A notification leads to its own message and nowhere else.
    if (piece.kind === 'link') return escape(piece.text);
    return `<!date^${epochSeconds(piece.at)}^${format(piece.withSeconds)}|${utc(piece.at, piece.withSeconds)}>`;
  };
  return given.map(show).join('');
}
