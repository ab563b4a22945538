/** In an emergency: hidden where no policy opens it. */
import type { Checkboxes, InputBlock } from '@slack/types';
import { type DurationSeconds, describeDuration } from '../src/domain/duration.ts';
import { input } from './form-input.ts';
import { plain } from './kit.ts';
import { actionIds } from './wire.ts';

/** The one option of the box. */
export const breakGlassValue = 'now';
const option = { text: plain('Take it at once: break glass', 75), value: breakGlassValue };

/** @param atMost  how long it may last; undefined: it may not be taken at once, or is not known yet, and the box is only there to be unticked */
export function breakGlassInputs(atMost: DurationSeconds | undefined, isChosen: boolean): InputBlock[] {
  if (atMost === undefined && !isChosen) return [];
  const box: Checkboxes = {
    type: 'checkboxes',
    action_id: actionIds.breakGlass,
    options: [option],
    ...(isChosen ? { initial_options: [option] } : {}),
  };
  const longest = atMost === undefined ? '' : `For at most ${describeDuration(atMost)}. `;
  const hint = `${longest}Owners and approvers are told at once, and you can do it again once somebody has reviewed it.`;
  return [input(actionIds.breakGlass, 'In an emergency?', box, { optional: true, tells: true, hint })];
}
