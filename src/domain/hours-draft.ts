/** Hours of the week as a form has them, which need not be whole. */
import { dayNames, parseRecurringWindow, type RecurringWindow, recurringWindowText } from './recurring-window.ts';
import type { Rejection } from './result.ts';

/** As in {@link RecurringWindow}, but midnight is 0 at the end too, as clocks show it. */
export type HoursDraft = Pick<RecurringWindow, 'days' | 'zone'> & { readonly from: number | undefined; readonly to: number | undefined };

export type HoursPart = 'days' | 'from' | 'to';

const midnight = 1440;
const isWeekday = (_: string, index: number): boolean => index < 5;

/** With what a form begins: working hours in that zone. */
export const usualHours = (zone: string): HoursDraft => ({ days: dayNames.map(isWeekday), from: 9 * 60, to: 17 * 60, zone });

/** Undefined for what are no hours. */
export function draftOfHours(text: string): HoursDraft | undefined {
  const window = parseRecurringWindow(text);
  if (!window.ok) return undefined;
  return { ...window.value, to: window.value.to === midnight ? 0 : window.value.to };
}

/** As {@link parseRecurringWindow} takes them, or what is wrong and in which part. */
export function textOfDraft({
  days,
  from,
  to,
  zone,
}: HoursDraft): { readonly text: string } | { readonly part: HoursPart; readonly rejection: Rejection } {
  const wrong = (part: HoursPart, why: string) => ({ part, rejection: { code: 'invalid-value', field: 'window', why } as const });
  if (!days.includes(true)) return wrong('days', 'Choose at least one day.');
  if (from === undefined) return wrong('from', 'Choose when the hours begin.');
  if (to === undefined) return wrong('to', 'Choose when the hours end.');
  const text = recurringWindowText({ days, from, to: to === 0 ? midnight : to, zone });
  const window = parseRecurringWindow(text);
  // Midnight to midnight is a whole day.
  return window.ok ? { text } : { part: from === to && from !== 0 ? 'to' : 'days', rejection: window.rejection };
}
