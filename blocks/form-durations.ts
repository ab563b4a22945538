/** For how long: one of the presets, or an end. */
import type { InputBlock } from '@slack/types';
import { describeDuration } from '../src/domain/duration.ts';
import { epochSeconds } from '../src/domain/time.ts';
import { durationSelect } from './choices.ts';
import { input } from './form-input.ts';
import { untilValue } from './form-wire.ts';
import { plain } from './kit.ts';
import type { FormProps } from './request-form.ts';
import { actionIds } from './wire.ts';

const fiveMinutes = 300;
/** Slack takes ten digits. */
const latestSeconds = 9_999_999_999;

export function durationInputs({ durations, maximum, now, filled }: FormProps): InputBlock[] {
  const shortest = durations[0] ?? maximum;
  const last = { option: { text: plain('Until…', 75), value: untilValue }, isChosen: filled.byEnd };
  const element = durationSelect(actionIds.formDuration, durations, filled.duration ?? shortest, '', last);
  const length = input(actionIds.formDuration, 'For how long?', element, {
    hint: `At most ${describeDuration(maximum)}. The approver may choose another time.`,
    tells: true,
  });
  if (!filled.byEnd) return [length];
  const soonest = Math.ceil((epochSeconds(now) + shortest) / fiveMinutes) * fiveMinutes;
  const initial = Math.min(filled.until === undefined ? soonest : epochSeconds(filled.until), latestSeconds);
  return [
    length,
    input(
      actionIds.formUntil,
      'Until when?',
      { type: 'datetimepicker', action_id: actionIds.formUntil, initial_date_time: initial },
      { hint: 'Counted from now: access that is given later ends as much later.', tells: true },
    ),
  ];
}
