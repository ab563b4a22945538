import type { InputBlock } from '@slack/types';
import { longestReason } from '../src/domain/reason.ts';
import { input } from './form-input.ts';
import { cut } from './line.ts';
import { blockIds, inputId } from './wire.ts';

/** Slack takes 3000; a reason that is too long is refused at the field, with words. */
const longestInput = 3000;

type ReasonProps = { readonly reasonRequired: boolean; readonly filled: { readonly reason: string | undefined } };

/** Why something is asked for, or opened beforehand. @param read  who reads it, a sentence */
export function reasonInput({ reasonRequired, filled: { reason } }: ReasonProps, read: string): InputBlock {
  const element: InputBlock['element'] = {
    type: 'plain_text_input',
    action_id: inputId(blockIds.reason),
    multiline: true,
    max_length: longestInput,
    ...(reason === undefined || reason === '' ? {} : { initial_value: cut(reason, longestInput) }),
  };
  return input(blockIds.reason, 'Why?', element, { optional: !reasonRequired, hint: `${read} At most ${longestReason} characters.` });
}
