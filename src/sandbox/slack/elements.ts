import type { Block } from './block-kit/check.ts';
import { isJson, type Json, listOf, textOf } from './json.ts';

export type Placed = { block: Block; element: Json & { type: string; action_id: string } };

function isElement(value: Json): value is Json & { type: string; action_id: string } {
  return typeof value['type'] === 'string' && typeof value['action_id'] === 'string';
}

/** The interactive elements of these blocks, in order. */
export function elementsOf(blocks: readonly Block[]): Placed[] {
  return blocks.flatMap((block) => {
    const candidates = [...(block.type === 'actions' ? listOf(block['elements']) : []), block['accessory'], block['element']];
    return candidates
      .filter(isJson)
      .filter(isElement)
      .map((element) => ({ block, element }));
  });
}

/** Finds an element by its ids; without a block id the first with that action id. */
export function findElement(blocks: readonly Block[], actionId: string, blockId?: string): Placed | undefined {
  return elementsOf(blocks).find(
    ({ block, element }) => element.action_id === actionId && (blockId === undefined || block.block_id === blockId),
  );
}

export function optionsOf(element: Json): Json[] {
  return [...listOf(element['options']), ...listOf(element['option_groups']).flatMap((group) => listOf(group['options']))];
}

export function findOption(element: Json, value: string): Json | undefined {
  return optionsOf(element).find((option) => textOf(option['value']) === value);
}
