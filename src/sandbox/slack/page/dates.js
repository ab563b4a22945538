const DAY_MS = 86_400_000;

const FORMATS = {
  date: { year: 'numeric', month: 'long', day: 'numeric' },
  date_short: { year: 'numeric', month: 'short', day: 'numeric' },
  date_long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  time: { hour: 'numeric', minute: '2-digit' },
  time_secs: { hour: 'numeric', minute: '2-digit', second: '2-digit' },
};

const show = (at, format) => new Intl.DateTimeFormat(undefined, FORMATS[format]).format(at);

function startOfDay(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** "today", "yesterday" or "tomorrow" in the browser's zone, else undefined. */
function nearDay(at) {
  const days = Math.round((startOfDay(at) - startOfDay(new Date())) / DAY_MS);
  return { 0: 'today', [-1]: 'yesterday', 1: 'tomorrow' }[days];
}

function dateNum(at) {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

function ago(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000);
  const [size, unit] = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ].find(([length]) => Math.abs(seconds) >= length) ?? [1, 'second'];
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

const TOKENS = {
  date: (at) => show(at, 'date'),
  date_num: dateNum,
  date_short: (at) => show(at, 'date_short'),
  date_long: (at) => show(at, 'date_long'),
  date_pretty: (at) => nearDay(at) ?? show(at, 'date'),
  date_short_pretty: (at) => nearDay(at) ?? show(at, 'date_short'),
  date_long_pretty: (at) => nearDay(at) ?? show(at, 'date_long'),
  day_divider_pretty: (at) => nearDay(at) ?? show(at, 'date_long'),
  time: (at) => show(at, 'time'),
  time_secs: (at) => show(at, 'time_secs'),
  ago,
};

/**
 * A moment by a date format of Slack, e.g. `{date_short_pretty} at {time}`, in the browser's zone.
 * @param {number} unix seconds since 1970; the fallback stands in where this is no moment
 */
export function formatDate(unix, format, fallback) {
  const at = new Date(unix * 1000);
  if (Number.isNaN(at.getTime())) return fallback;
  return format.replace(/\{(\w+)\}/g, (token, name) => TOKENS[name]?.(at) ?? token);
}

/** The full moment, zone named, for a tooltip. */
export function fullDate(unix) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' }).format(new Date(unix * 1000));
}

/** When a message was written: the time today, else the day too. */
export function messageTime(ts) {
  const at = new Date(Number(ts) * 1000);
  return nearDay(at) === 'today' ? show(at, 'time') : `${TOKENS.date_short_pretty(at)}, ${show(at, 'time')}`;
}

const two = (part) => String(part).padStart(2, '0');

/** Seconds since 1970 as a `datetime-local` value in the browser's zone. */
export function toLocalInput(unix) {
  const at = new Date(unix * 1000);
  return `${dateNum(at)}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The reverse; null for an empty field. */
export function fromLocalInput(value) {
  return value === '' ? null : Math.floor(new Date(value).getTime() / 1000);
}
