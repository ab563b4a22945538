/** For whom: hidden behind a checkbox, because most ask for themselves. */
import type { Checkboxes, InputBlock, UsersSelect } from '@slack/types';
import { input } from './form-input.ts';
import { forOtherValue } from './form-wire.ts';
import { plain } from './kit.ts';
import { onOneLine } from './line.ts';
import type { Filled } from './request-form.ts';
import { actionIds } from './wire.ts';

const option = { text: plain('It is for somebody else', 75), value: forOtherValue };

export function forInputs({ forOther, to, stranger }: Filled): InputBlock[] {
  const box: Checkboxes = {
    type: 'checkboxes',
    action_id: actionIds.formForOther,
    options: [option],
    ...(forOther ? { initial_options: [option] } : {}),
  };
  const question = input(actionIds.formForOther, 'For whom?', box, { optional: true, tells: true });
  if (!forOther) return [question];
  const people: UsersSelect = {
    type: 'users_select',
    action_id: actionIds.formTo,
    placeholder: plain('Choose somebody', 150),
    ...(to === undefined ? {} : { initial_user: to }),
  };
  const hint = stranger === undefined ? undefined : `Nobody in this workspace has the address ${onOneLine(stranger, 254)}.`;
  return [question, input(actionIds.formTo, 'Who gets the access?', people, { hint, tells: true })];
}
