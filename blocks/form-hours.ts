/** In which hours of the week: hidden behind a checkbox, because most mean any hour. */
import type { Checkboxes, InputBlock, MultiStaticSelect, PlainTextOption, Timepicker } from '@slack/types';
import type { HoursDraft, HoursPart } from '../src/domain/hours-draft.ts';
import { dayNames } from '../src/domain/recurring-window.ts';
import { input } from './form-input.ts';
import { plain } from './kit.ts';
import { onOneLine } from './line.ts';
import { actionIds } from './wire.ts';

/** The one option of "only in some hours". */
export const someHoursValue = 'some';
const option = { text: plain('Only in some hours of the week', 75), value: someHoursValue };
const longNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const days: readonly PlainTextOption[] = dayNames.map((value, index) => ({ text: plain(longNames[index] ?? value, 75), value }));

/** The block of each part. */
export const hoursBlocks: Readonly<Record<HoursPart, string>> = {
  days: actionIds.hoursDays,
  from: actionIds.hoursFrom,
  to: actionIds.hoursTo,
};

/** @param hours  undefined: at any hour, and only the checkbox is there */
export function hoursInputs(hours: HoursDraft | undefined): InputBlock[] {
  const box: Checkboxes = {
    type: 'checkboxes',
    action_id: actionIds.hoursOnly,
    options: [option],
    ...(hours === undefined ? {} : { initial_options: [option] }),
  };
  const question = input(actionIds.hoursOnly, 'In which hours?', box, { optional: true, tells: true });
  if (hours === undefined) return [question];
  const zone = onOneLine(hours.zone, 100);
  return [
    question,
    input(actionIds.hoursDays, 'On which days?', daysSelect(hours), { tells: true }),
    input(actionIds.hoursFrom, 'From', clock(actionIds.hoursFrom, hours.from), { hint: `By clocks in ${zone}.`, tells: true }),
    input(actionIds.hoursTo, 'To', clock(actionIds.hoursTo, hours.to), {
      hint: 'On the next day, if that is not later than the beginning.',
      tells: true,
    }),
  ];
}

function daysSelect(hours: HoursDraft): MultiStaticSelect {
  const chosen = days.filter((_, index) => hours.days[index] === true);
  return {
    type: 'multi_static_select',
    action_id: actionIds.hoursDays,
    placeholder: plain('Choose days', 150),
    options: [...days],
    ...(chosen.length === 0 ? {} : { initial_options: chosen }),
  };
}

const two = (figure: number): string => String(figure).padStart(2, '0');

const clock = (actionId: string, minutes: number | undefined): Timepicker => ({
  type: 'timepicker',
  action_id: actionId,
  placeholder: plain('Choose a time', 150),
  ...(minutes === undefined ? {} : { initial_time: `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` }),
});
