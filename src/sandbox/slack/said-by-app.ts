import { type Block, checkMessageBlocks } from './block-kit/check.ts';
import { type Json, parseJson, textOf } from './json.ts';
import type { Refusal } from './modals.ts';
import type { State } from './state.ts';

const TEXT_MAX = 40_000;
const TEXT_ADVISED = 4000;

/** `blocks: null` where none were given, which an update treats unlike an empty list. */
export type Said = { ok: true; text: string; blocks: Block[] | null };

/** What an app says in a message, by any method: checked as Slack does, and warned about where Slack keeps silent. */
export function readSaid(state: State, where: string, args: Json): Said | Refusal {
  const text = textOf(args['text']);
  const given = typeof args['blocks'] === 'string' ? parseJson(args['blocks']) : args['blocks'];
  if (typeof args['blocks'] === 'string' && args['blocks'] !== '' && given === undefined)
    return { ok: false, error: 'invalid_blocks_format' };
  const length = Array.from(text).length;
  if (length > TEXT_MAX) return { ok: false, error: 'msg_too_long' };
  if (length > TEXT_ADVISED) state.warn(`${where}: text of ${length} characters; Slack advises 4000 at most`);
  if (given === undefined || given === null) return { ok: true, text, blocks: null };
  const checked = checkMessageBlocks(given);
  if (!checked.ok) return { ok: false, error: 'invalid_blocks', messages: checked.problems };
  if (text === '' && checked.value.length > 0)
    state.warn(`${where}: blocks without text, so notifications and screen readers show nothing`);
  return { ok: true, text, blocks: checked.value };
}

/** A yes or no argument: form posts write it as a word. */
export function flag(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}
