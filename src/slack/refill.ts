import type { ModalView } from '@slack/types';
import type { ViewOutput, ViewStateValue } from '@slack/bolt';
import { paragraph } from '../../blocks/kit.ts';
import { onLines, words } from '../../blocks/line.ts';

type GivenBlock = ViewOutput['blocks'][number];

/** What an element holds, and the name under which it begins with it. */
const beginnings: ReadonlyMap<string, string> = new Map([
  ['value', 'initial_value'],
  ['selected_date_time', 'initial_date_time'],
  ['selected_time', 'initial_time'],
  ['selected_user', 'initial_user'],
  ['selected_option', 'initial_option'],
  ['selected_options', 'initial_options'],
]);

const longestNote = 1_500;

/** The window as it was submitted, with everything that was typed and chosen, and with a line above about what is wrong. */
export function refill({ title, submit, close, callback_id, private_metadata, blocks, state }: ViewOutput, note: string): ModalView {
  return {
    type: 'modal',
    callback_id,
    private_metadata,
    title,
    ...(submit === null ? {} : { submit }),
    ...(close === null ? {} : { close }),
    blocks: [
      paragraph(words(`⚠️ ${onLines(note, longestNote)}`)),
      ...blocks.map((block) => fill(block, Object.values(state.values[block.block_id ?? ''] ?? {})[0])),
    ],
  };
}

function fill(block: GivenBlock, held: ViewStateValue | undefined): GivenBlock {
  if (held === undefined || block.type !== 'input' || !('element' in block)) return block;
  const bare = Object.entries(block.element ?? {}).filter(([name]) => !name.startsWith('initial_'));
  const filled = Object.entries(held).flatMap(([name, value]): [string, unknown][] => {
    const beginning = beginnings.get(name);
    return beginning === undefined || isEmpty(value) ? [] : [[beginning, value]];
  });
  const again = { ...block, element: Object.fromEntries<unknown>([...bare, ...filled]) };
  return again;
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** Everything that was typed, for where no form can hold it any more; undefined where that is nothing. */
export function typedIn({ state }: ViewOutput): string | undefined {
  const texts = Object.values(state.values).flatMap((block) => Object.values(block).flatMap(({ value }) => value ?? []));
  const all = texts.filter((text) => text !== '').join('\n');
  return all === '' ? undefined : all;
}
