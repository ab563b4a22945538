import { counted } from './counted.ts';

declare const seconds: unique symbol;
/** A whole, positive number of seconds. */
export type DurationSeconds = number & { readonly [seconds]: true };
export type TimeUnit = 's' | 'm' | 'h' | 'd' | 'w';
/** A duration as the settings API writes it; `{24,h}` and `{1,d}` are different options. */
export type Duration = { readonly time: number; readonly unit: TimeUnit };

const week = 604_800;
const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: week } as const;
const unitWord = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' } as const;
/** What commands may spell out; a month is 30 days, and has no letter because `m` is the minute. */
const wordSeconds = new Map<string, number>([
  ['second', 1],
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
  ['week', week],
  ['month', 2_592_000],
]);

const largestTime = 999_999;
/** The longest that can be written, 999999w. A date that far ahead still fits into Postgres' and JavaScript's calendars. */
const longest = largestTime * week;

const short = /^([1-9][0-9]{0,5})([smhdw])$/;
const spelled = /^([1-9][0-9]{0,5}) ([a-z]{3,6}?)(s?)$/;

const isTimeUnit = (text: string): text is TimeUnit => Object.hasOwn(unitSeconds, text);

export const isDurationSeconds = (value: number): value is DurationSeconds => Number.isSafeInteger(value) && value > 0 && value <= longest;

const asSeconds = (value: number): DurationSeconds | undefined => (isDurationSeconds(value) ? value : undefined);

/**
 * The two ways to write a duration: `90m` (s, m, h, d, w) and `90 minutes` (second to month, a month being 30 days).
 * At most six ASCII digits without a leading zero, one space, lower case, the plural for everything but 1.
 * @returns undefined for anything else; there is no third way.
 */
export function parseDuration(text: string): DurationSeconds | undefined {
  const [, digits, unit] = short.exec(text) ?? [];
  if (digits !== undefined && unit !== undefined && isTimeUnit(unit)) return asSeconds(Number(digits) * unitSeconds[unit]);
  const [, count, word, plural] = spelled.exec(text) ?? [];
  if (count === undefined || word === undefined) return undefined;
  const each = wordSeconds.get(word);
  if (each === undefined || (plural === 's') !== (count !== '1')) return undefined;
  return asSeconds(Number(count) * each);
}

/** The same two ways, in the unit that was written; a month has none of its own and is 30 days. */
export function parseDurationUnit(text: string): Duration | undefined {
  if (parseDuration(text) === undefined) return undefined;
  const [, digits, letter] = /^([0-9]+) ?([a-z])/.exec(text) ?? [];
  const count = Number(digits);
  return text.includes('month') ? parseTimeUnit(count * 30, 'd') : parseTimeUnit(count, letter ?? '');
}

/** `{time, unit}` of the settings API: a whole number from 1 to 999999 and one of the five letters. */
export function parseTimeUnit(time: number, unit: string): Duration | undefined {
  return Number.isInteger(time) && time >= 1 && time <= largestTime && isTimeUnit(unit) ? { time, unit } : undefined;
}

/** @throws RangeError for a {@link Duration} that {@link parseTimeUnit} would not have made. */
export function toSeconds(duration: Duration): DurationSeconds {
  const value = duration.time * unitSeconds[duration.unit];
  if (!isDurationSeconds(value)) throw new RangeError(`${duration.time}${duration.unit} is not a duration`);
  return value;
}

/** The label that the settings API makes of an option, without converting units: `{24,h}` is "24 hours". */
export const optionLabel = (duration: Duration): string => counted(duration.time, unitWord[duration.unit]);

/**
 * For people: whole weeks as weeks ("2 weeks"), everything else as days, hours, minutes and seconds,
 * leaving out what is zero ("30 days", "1 hour 30 minutes").
 */
export function describeDuration(duration: DurationSeconds): string {
  if (duration % week === 0) return counted(duration / week, 'week');
  const parts: string[] = [];
  let rest: number = duration;
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / unitSeconds[unit]);
    if (count > 0) parts.push(counted(count, unitWord[unit]));
    rest -= count * unitSeconds[unit];
  }
  return parts.join(' ');
}

/** In the largest unit that divides it: 5400 s is "90m". {@link parseDuration} reads it back up to 999999 of that unit. */
export function shortDuration(duration: DurationSeconds): string {
  const unit = (['w', 'd', 'h', 'm'] as const).find((each) => duration % unitSeconds[each] === 0) ?? 's';
  return `${duration / unitSeconds[unit]}${unit}`;
}
