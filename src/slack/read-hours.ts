/** Hours of the week, as they stand in a form. */
import { hoursBlocks, someHoursValue } from '../../blocks/form-hours.ts';
import { rejectionAtField } from '../../blocks/notices.ts';
import { actionIds } from '../../blocks/wire.ts';
import { type HoursDraft, textOfDraft, usualHours } from '../domain/hours-draft.ts';
import { dayNames, parseRecurringWindow } from '../domain/recurring-window.ts';
import type { Rejection } from '../domain/result.ts';
import type { Desk } from './desk.ts';
import { chosenAll, type Values } from './press.ts';

/** `wanted`: they are called for, and their fields are not there yet. Undefined: at any hour. */
export type FormHours = HoursDraft | 'wanted' | undefined;

/** @param zone  in which the fields were drawn */
export function readHours(values: Values, zone: string | undefined): FormHours {
  const boxes = chosenAll(values, actionIds.hoursOnly, actionIds.hoursOnly) ?? [];
  if (!boxes.includes(someHoursValue)) return undefined;
  const days = chosenAll(values, actionIds.hoursDays, actionIds.hoursDays);
  if (days === undefined || zone === undefined) return 'wanted';
  return {
    days: dayNames.map((name) => days.includes(name)),
    from: minutesAt(values, actionIds.hoursFrom),
    to: minutesAt(values, actionIds.hoursTo),
    zone,
  };
}

function minutesAt(values: Values, id: string): number | undefined {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(values[id]?.[id]?.selected_time ?? '') ?? [];
  return hour === undefined || minute === undefined ? undefined : Number(hour) * 60 + Number(minute);
}

/** What the fields show: where they were just called for, working hours in the person's own zone. */
export async function shownHours(desk: Desk, userId: string, hours: FormHours): Promise<HoursDraft | undefined> {
  if (hours !== 'wanted') return hours;
  const { tz = '' } = (await desk.people.account(userId)) ?? {};
  // Slack may know zones that are not known here.
  return usualHours(parseRecurringWindow(`Mon 09:00-17:00 ${tz}`).ok ? tz : 'UTC');
}

/** As a command would have them; of what is not whole, nothing. */
export function windowOf(hours: FormHours): string | undefined {
  const read = hours === undefined || hours === 'wanted' ? undefined : textOfDraft(hours);
  return read !== undefined && 'text' in read ? read.text : undefined;
}

/** Why they are not whole, for whoever is still choosing. */
export function whyNoHours(hours: HoursDraft | undefined): Rejection | undefined {
  const read = hours === undefined ? undefined : textOfDraft(hours);
  return read !== undefined && 'rejection' in read ? read.rejection : undefined;
}

/** The same for whoever sends the form, at the field. */
export function hoursErrors(hours: FormHours): Record<string, string> | undefined {
  if (hours === 'wanted') return { [actionIds.hoursOnly]: 'Choose days and hours, in the fields below.' };
  const read = hours === undefined ? undefined : textOfDraft(hours);
  return read !== undefined && 'rejection' in read ? { [hoursBlocks[read.part]]: rejectionAtField(read.rejection) } : undefined;
}
