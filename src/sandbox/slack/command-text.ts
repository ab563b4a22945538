import { findPerson, type State } from './state.ts';

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const MENTION = /(?<![\w.@&;/-])([@#])([a-z0-9][a-z0-9._-]*)/g;
const ADDRESS = /(?<![\w.+-])[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?![\w-])/gi;
const LINK = /(?<![\w/])https?:\/\/[^\s<>|"'”]+/g;

type Piece = { at: number; raw: string; live: string };

function mention(state: State, raw: string, sign: string, name: string): string | undefined {
  if (sign === '@') {
    const person = findPerson(state, name);
    return person === undefined ? undefined : `<@${person.id}|${person.name}>`;
  }
  const channel = [...state.channels.values()].find((known) => known.kind === 'channel' && known.name === name);
  return channel === undefined || raw === '' ? undefined : `<#${channel.id}|${channel.name}>`;
}

/**
 * The text of a slash command as Slack sends it: `&`, `<` and `>` escaped and, where the manifest says
 * should_escape, people, channels, addresses and links in Slack's own notation (`<@U1|bob>`).
 */
export function toCommandText(state: State, typed: string, shouldEscape: boolean): string {
  if (!shouldEscape) return escapeText(typed);
  const pieces: Piece[] = [];
  for (const match of typed.matchAll(LINK)) pieces.push({ at: match.index, raw: match[0], live: `<${escapeText(match[0])}>` });
  for (const match of typed.matchAll(ADDRESS)) pieces.push({ at: match.index, raw: match[0], live: `<mailto:${match[0]}|${match[0]}>` });
  for (const match of typed.matchAll(MENTION)) {
    const live = mention(state, match[0], match[1] ?? '', match[2] ?? '');
    if (live !== undefined) pieces.push({ at: match.index, raw: match[0], live });
  }
  pieces.sort((left, right) => left.at - right.at);
  let result = '';
  let done = 0;
  for (const piece of pieces) {
    if (piece.at < done) continue;
    result += escapeText(typed.slice(done, piece.at)) + piece.live;
    done = piece.at + piece.raw.length;
  }
  return result + escapeText(typed.slice(done));
}
