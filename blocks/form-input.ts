import type { InputBlock } from '@slack/types';
import { plain } from './kit.ts';

/** `tells`: we learn at once what is chosen in it. */
export function input(
  blockId: string,
  label: string,
  element: InputBlock['element'],
  more: { readonly hint?: string | undefined; readonly optional?: boolean; readonly tells?: boolean } = {},
): InputBlock {
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label, 2000),
    element,
    ...(more.hint === undefined ? {} : { hint: plain(more.hint, 2000) }),
    ...(more.optional === undefined ? {} : { optional: more.optional }),
    ...(more.tells === true ? { dispatch_action: true } : {}),
  };
}
