/**
 * Hours that come again every week: `Mon-Fri 09:00-17:00 Europe/Paris`. They open and close at the first moment at which a
 * clock on the wall there shows that time or a later one. So an edge that the clock jumps over in spring is the jump itself,
 * and one that comes twice in autumn is the first of the two. The days are those on which the hours begin.
 */
import { accept, reject, type Result } from './result.ts';
import { quoted } from './said.ts';
import { type Instant, instant } from './time.ts';

export type RecurringWindow = {
  /** From Monday on. */
  readonly days: readonly boolean[];
  /** Minutes since midnight; where `to` is not after `from`, the hours go on over midnight. */
  readonly from: number;
  readonly to: number;
  /** Its name in the IANA database. */
  readonly zone: string;
};

/** One stretch of the hours, its end not included. */
export type Span = { readonly opensAt: Instant; readonly closesAt: Instant };

/** What {@link parseRecurringWindow} takes, in words. */
export const recurringWindowShape = 'days, hours and a time zone, like Mon-Fri 09:00-17:00 Europe/Paris';
export const longestWindowText = 120;

/** From Monday on. */
export const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const fullNames = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const daily = 'daily';
const minutesOfDay = 1440;
const minuteMs = 60_000;
const dayMs = minutesOfDay * minuteMs;

/**
 * Days (`Mon-Fri`, `Mon,Wed,Sat-Sun`, `daily`, in any case, names in full too), hours from 00:00 to 24:00, and a zone by name.
 * Refuses as `invalid-value` of the field `window`, and says which part is wrong.
 */
export function parseRecurringWindow(text: string): Result<RecurringWindow> {
  const wrong = (why: string) => reject({ code: 'invalid-value', field: 'window', why });
  if (text.length > longestWindowText) return wrong(`Write ${recurringWindowShape}.`);
  const words = text.trim().split(/\s+/u);
  const [dayText = '', hours = '', zoneText = ''] = words;
  if (words.length !== 3) return wrong(`Write ${recurringWindowShape}; days are joined by - or a comma, without spaces.`);
  const days = parseDays(dayText);
  if (days === undefined) return wrong(`${quoted(dayText)} are no days: write daily, or days like Mon-Fri or Mon,Wed.`);
  const times = parseHours(hours);
  if (times === undefined) return wrong(`${quoted(hours)} are no hours: write them like 09:00-17:00, from 00:00 to 24:00.`);
  const zone = parseZone(zoneText);
  if (zone === undefined) return wrong(`${quoted(zoneText)} is no time zone that is known here: write one like Europe/Paris or UTC.`);
  if (times.from === times.to) return wrong('The hours must not end when they begin; a whole day is 00:00-24:00.');
  if (isWholeDay(times) && days.every(Boolean)) return wrong('That is always: leave the hours out.');
  return accept({ days, ...times, zone });
}

/** As {@link parseRecurringWindow} reads it, written in one way only. */
export const recurringWindowText = ({ days, from, to, zone }: RecurringWindow): string =>
  `${daysText(days)} ${timeText(from)}-${timeText(to)} ${zone}`;

/** The hours that are open at this moment, or else the next ones. Hours that touch are one. */
export function spanAt(window: RecurringWindow, at: Instant): Span | undefined {
  const today = Math.floor((at + offsetAt(window.zone, at)) / dayMs);
  let span: Span | undefined;
  // A week back, because whole days in a row are one stretch; two ahead, because a week's only hours may fall into a jump.
  for (let day = today - 8; day <= today + 16; day++) {
    const next = spanOf(window, day);
    if (next === undefined) continue;
    if (span !== undefined && span.closesAt > at && next.opensAt > span.closesAt) return span;
    const touches = span !== undefined && next.opensAt <= span.closesAt;
    span = touches && span !== undefined ? { opensAt: span.opensAt, closesAt: later(span.closesAt, next.closesAt) } : next;
  }
  return span !== undefined && span.closesAt > at ? span : undefined;
}

export function isInside(window: RecurringWindow, at: Instant): boolean {
  const span = spanAt(window, at);
  return span !== undefined && span.opensAt <= at;
}

/** When they open or close next, after this moment. */
export function nextEdge(window: RecurringWindow, at: Instant): { readonly at: Instant; readonly opens: boolean } | undefined {
  const span = spanAt(window, at);
  if (span === undefined) return undefined;
  return span.opensAt > at ? { at: span.opensAt, opens: true } : { at: span.closesAt, opens: false };
}

function parseDays(text: string): readonly boolean[] | undefined {
  if (text.toLowerCase() === daily) return dayNames.map(() => true);
  const chosen = new Set<number>();
  for (const part of text.split(',')) {
    const ends = part.split('-').map(dayIndex);
    const [first, last = first] = ends;
    if (ends.length > 2 || ends.includes(undefined) || first === undefined || last === undefined) return undefined;
    // Fri-Mon goes on over the week's end.
    for (let step = 0; step <= (last - first + 7) % 7; step++) chosen.add((first + step) % 7);
  }
  return dayNames.map((_, index) => chosen.has(index));
}

function dayIndex(name: string): number | undefined {
  const lower = name.toLowerCase();
  const index = dayNames.findIndex((day) => day.toLowerCase() === lower);
  const known = index === -1 ? fullNames.indexOf(lower) : index;
  return known === -1 ? undefined : known;
}

function daysText(days: readonly boolean[]): string {
  if (days.every(Boolean)) return daily;
  const parts: string[] = [];
  for (let first = 0; first < 7; first++) {
    if (days[first] !== true) continue;
    let last = first;
    while (days[last + 1] === true) last++;
    if (last - first < 2) for (let day = first; day <= last; day++) parts.push(dayNames[day] ?? '');
    else parts.push(`${dayNames[first] ?? ''}-${dayNames[last] ?? ''}`);
    first = last;
  }
  return parts.join(',');
}

const hoursShape = /^(\d{1,2}):(\d{2})[-–](\d{1,2}):(\d{2})$/;

function parseHours(text: string): { readonly from: number; readonly to: number } | undefined {
  const match = hoursShape.exec(text);
  if (match === null) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  if (fromMinute > 59 || toMinute > 59 || from >= minutesOfDay || to > minutesOfDay) return undefined;
  // 22:00-00:00 and 22:00-24:00 are the same hours.
  return { from, to: to === 0 ? minutesOfDay : to };
}

const isWholeDay = ({ from, to }: { readonly from: number; readonly to: number }): boolean => from === 0 && to === minutesOfDay;
const two = (figure: number): string => String(figure).padStart(2, '0');
const timeText = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

/** Only names: an offset knows no summer time, and is never what somebody means who works at a place. */
function parseZone(text: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return undefined;
  try {
    const known = new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
    // An older name of the same zone stays as it was written.
    return known.toLowerCase() === text.toLowerCase() ? known : text;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The hours that begin on that day, counted from 1970; undefined where there are none. */
function spanOf({ days, from, to, zone }: RecurringWindow, day: number): Span | undefined {
  // The first of January 1970 was a Thursday.
  if (days[(((day + 3) % 7) + 7) % 7] !== true) return undefined;
  const opensAt = firstMoment(zone, day * dayMs + from * minuteMs);
  const closesAt = firstMoment(zone, (to > from ? day : day + 1) * dayMs + to * minuteMs);
  return closesAt > opensAt ? { opensAt, closesAt } : undefined;
}

/** @param wall  what the clock shows, as if it were UTC */
function firstMoment(zone: string, wall: number): Instant {
  // No clock is more than a day away from UTC, so these two are of before and after whatever change is near.
  const offsets = [wall - dayMs, wall + dayMs].map((ms) => offsetAt(zone, instant(ms)));
  const candidates = offsets.map((offset) => instant(wall - offset));
  const exact = candidates.filter((each) => each + offsetAt(zone, each) === wall);
  if (exact.length > 0) return instant(Math.min(...exact));
  // The clock jumps over it: the jump lies between the two.
  let [before, reached] = [Math.min(...candidates), Math.max(...candidates)];
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (middle + offsetAt(zone, instant(middle)) >= wall) reached = middle;
    else before = middle;
  }
  return instant(reached);
}

const clocks = new Map<string, Intl.DateTimeFormat>();
const mostClocks = 500;

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
function offsetAt(zone: string, at: Instant): number {
  const parts = clockOf(zone).formatToParts(at);
  const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign = '', hours = 0, minutes = 0, seconds = 0] = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text) ?? [];
  const ahead = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -ahead : ahead;
}

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  // A name can be written in many ways.
  if (clocks.size >= mostClocks) clocks.clear();
  const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  clocks.set(zone, made);
  return made;
}

const later = (one: Instant, other: Instant): Instant => (one > other ? one : other);
