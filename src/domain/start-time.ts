/** When a window opens or closes, as people write it. */
import { type Instant, instant } from './time.ts';

/** What {@link isStartTime} takes, in words. */
export const startTimeShape = 'a date or time like 2026-01-31, 2026-01-31T09:00Z or 1/31/2026';

const shape = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?(?:Z|[+-](\d{2}):(\d{2}))?)?$/;

/** Month, day, year: the other spelling that the published clients' documents have. */
const usShape = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;

const toIso = (text: string): string =>
  text.replace(usShape, (_, month: string, day: string, year: string) => `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`);

/** An ISO 8601 date, or date and time to the minute or finer, that the calendar has: not the 30th of February. Or a date like 1/31/2026. */
export function isStartTime(text: string): boolean {
  const match = shape.exec(toIso(text));
  if (match === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return (
    year >= 1970 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    offsetHour <= 14 &&
    offsetMinute <= 59
  );
}

/**
 * The moment that such a text means. A date is its first moment in UTC, and a time without a zone is UTC too.
 * @returns undefined for a text that {@link isStartTime} refuses.
 */
export function parseStartTime(given: string): Instant | undefined {
  if (!isStartTime(given)) return undefined;
  const text = toIso(given);
  const hasZone = !text.includes('T') || /(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  return instant(Date.parse(hasZone ? text : `${text}Z`));
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}
