/** Small constructors of Block Kit that keep its limits whatever they are given. */
import type {
  ActionsBlock,
  ActionsBlockElement,
  Button,
  ConfirmationDialog,
  KnownBlock,
  ModalView,
  PlainTextElement,
  RichTextBlock,
} from '@slack/types';
import { type Line, escape, line, onLines, onOneLine, toElement, toText } from './line.ts';

/** `text` is what notifications, search and screen readers get. */
export type Message = { readonly text: string; readonly blocks: KnownBlock[] };

/** Reasons are at most 1000 characters when they are stored, so none is cut. */
const longestQuote = 1500;
const longestFence = 2500;
const longestText = 3000;

/** Plain text shows what is written: no markup, and no `:emoji:` made of it. */
export const plain = (text: string, maximum: number): PlainTextElement => ({
  type: 'plain_text',
  text: onOneLine(text, maximum),
  emoji: false,
});

const newline = (): Line => line('\n');

/** Lines under one another in one block. */
export function paragraph(...lines: readonly Line[]): RichTextBlock {
  const joined = lines.flatMap((each, index) => (index === 0 ? each : [...newline(), ...each]));
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: joined.map(toElement) }] };
}

/** Words of somebody else: set off as a quotation in which nothing is markup, so that they cannot pass for ours. */
export const quote = (text: string): RichTextBlock => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text: onLines(text, longestQuote) }] }],
});

/** Text in a fixed pitch, to be copied; nothing in it can end the fence. */
export const fence = (text: string): RichTextBlock => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: onLines(text, longestFence) }] }],
});

export const title = (text: string): KnownBlock => ({ type: 'header', text: plain(text, 150) });

export const actions = (blockId: string, elements: ActionsBlockElement[]): ActionsBlock => ({
  type: 'actions',
  block_id: blockId,
  elements,
});

export type ButtonProps = {
  readonly actionId: string;
  readonly label: string;
  /** What a screen reader says: the label alone does not name the thing. */
  readonly spoken: string;
  readonly value: string;
  readonly style?: 'primary' | 'danger';
  readonly confirm?: ConfirmationDialog;
};

export function button({ actionId, label, spoken, value, style, confirm }: ButtonProps): Button {
  return {
    type: 'button',
    action_id: actionId,
    text: plain(label, 75),
    accessibility_label: onOneLine(spoken, 75),
    value,
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined ? {} : { confirm }),
  };
}

/** Asks before something is taken away. `text` names what. */
export const confirmation = (question: string, text: string, yes: string): ConfirmationDialog => ({
  title: plain(question, 100),
  text: plain(text, 300),
  confirm: plain(yes, 30),
  deny: plain('Keep it', 30),
  style: 'danger',
});

/** A message whose notification text is its lines: as many as fit, whole, because half a date would be shown as it is written. */
export function message(lines: readonly Line[], blocks: KnownBlock[]): Message {
  let text = '';
  for (const each of lines.map(toText)) {
    if (text !== '' && text.length + each.length >= longestText) break;
    text += text === '' ? each : `\n${each}`;
  }
  return { text, blocks };
}

/** A private sentence, with something in a fixed pitch below. */
export function sentence(text: string, fenced?: string): Message {
  const said = onLines(text, longestText / 5);
  return { text: escape(said), blocks: [paragraph(line(said)), ...(fenced === undefined ? [] : [fence(fenced)])] };
}

/** A window that only tells. */
export const window = (heading: string, blocks: KnownBlock[], callbackId: string): ModalView => ({
  type: 'modal',
  callback_id: callbackId,
  title: plain(heading, 24),
  close: plain('Close', 24),
  blocks,
});
