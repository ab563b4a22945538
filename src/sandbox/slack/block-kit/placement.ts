import type { KnownBlock } from './blocks.ts';

export type Surface = 'message' | 'modal' | 'home';
export type Problem = { path: (string | number)[]; message: string };

const MODAL_ONLY = new Set(['email_text_input', 'url_text_input', 'number_input']);

type Placed = { path: (string | number)[]; type: string; action_id: string | undefined; focus: boolean };

function placedElements(block: KnownBlock, index: number): Placed[] {
  const at = (path: (string | number)[], element: object): Placed => ({
    path: ['blocks', index, ...path],
    type: 'type' in element ? String(element.type) : '',
    action_id: 'action_id' in element && typeof element.action_id === 'string' ? element.action_id : undefined,
    focus: 'focus_on_load' in element && element.focus_on_load === true,
  });
  if (block.type === 'input') return [at(['element'], block.element)];
  if (block.type === 'actions') return block.elements.map((element, position) => at(['elements', position], element));
  if (block.type === 'section' && block.accessory !== undefined) return [at(['accessory'], block.accessory)];
  return [];
}

function checkElement(element: Placed, surface: Surface): Problem[] {
  if (MODAL_ONLY.has(element.type) && surface !== 'modal') {
    return [{ path: element.path, message: `${element.type} is allowed in modals only` }];
  }
  if (element.type === 'datetimepicker' && surface === 'home') {
    return [{ path: element.path, message: 'datetimepicker is not allowed on the home tab' }];
  }
  return [];
}

/** What no single block shows: ids used twice, elements on the wrong surface, two claims to the focus. */
export function checkPlacement(blocks: readonly KnownBlock[], surface: Surface): Problem[] {
  const problems: Problem[] = [];
  const blockIds = new Set<string>();
  let focused = 0;
  for (const [index, block] of blocks.entries()) {
    if (block.block_id !== undefined) {
      if (blockIds.has(block.block_id))
        problems.push({ path: ['blocks', index, 'block_id'], message: `\`block_id\` already exists: ${block.block_id}` });
      blockIds.add(block.block_id);
    }
    const actionIds = new Set<string>();
    for (const element of placedElements(block, index)) {
      problems.push(...checkElement(element, surface));
      if (element.focus) focused += 1;
      if (element.focus && focused > 1) problems.push({ path: element.path, message: 'only one element may have focus_on_load' });
      if (element.action_id === undefined) continue;
      if (actionIds.has(element.action_id))
        problems.push({ path: [...element.path, 'action_id'], message: `\`action_id\` already exists: ${element.action_id}` });
      actionIds.add(element.action_id);
    }
  }
  return problems;
}
