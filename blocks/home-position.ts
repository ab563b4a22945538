/** Where in its lists somebody's home tab is: carried by the tab and by its buttons, and read back like anything from outside. */
import { parseRequestId } from '../src/domain/ids.ts';
import type { PageFrom } from '../src/domain/page.ts';

export const homeLists = ['waiting', 'requests', 'access'] as const;
export type HomeListName = (typeof homeLists)[number];
export type HomePosition = Readonly<Record<HomeListName, PageFrom>>;

const encodeFrom = (from: PageFrom): string => {
  if (from === 'newest') return from;
  return 'before' in from ? `before.${from.before}` : `after.${from.after}`;
};

function decodeFrom(text: string | undefined): PageFrom | undefined {
  if (text === 'newest') return text;
  const [, side, given] = /^(before|after)\.([0-9a-f-]{36})$/.exec(text ?? '') ?? [];
  const id = given === undefined ? undefined : parseRequestId(given);
  if (id === undefined) return undefined;
  return side === 'before' ? { before: id } : { after: id };
}

export const encodePosition = (position: HomePosition): string => homeLists.map((list) => encodeFrom(position[list])).join('|');

/** What cannot be read is at its beginning. */
export function decodePosition(text: string | undefined): HomePosition {
  const [waiting, requests, access] = (text ?? '').slice(0, 500).split('|').map(decodeFrom);
  return { waiting: waiting ?? 'newest', requests: requests ?? 'newest', access: access ?? 'newest' };
}

/** A button that turns one list: `access|before.<id>`. */
export const encodeTurn = (list: HomeListName, to: PageFrom): string => `${list}|${encodeFrom(to)}`;

export function decodeTurn(value: string | undefined): { readonly list: HomeListName; readonly to: PageFrom } | undefined {
  const [name, text, ...more] = (value ?? '').split('|');
  const list = homeLists.find((each) => each === name);
  const to = decodeFrom(text);
  return list === undefined || to === undefined || more.length > 0 ? undefined : { list, to };
}
