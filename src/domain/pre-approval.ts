/** A window that an approver opened beforehand: who asks inside it is decided about at once (decision 13). */
import { type DurationSeconds, describeDuration, toSeconds } from './duration.ts';
import type { Org, PersonId, PreApprovalId } from './ids.ts';
import type { Person } from './person.ts';
import { parseRecurringWindow, type RecurringWindow, recurringWindowText, spanAt } from './recurring-window.ts';
import type { Permission } from './request.ts';
import { accept, reject, type Result } from './result.ts';
import { type Settings, smallestAllowed } from './settings.ts';
import { parseStartTime, startTimeShape } from './start-time.ts';
import { isoTime, after, type Instant, instant } from './time.ts';

export type PreApproval = {
  readonly org: Org;
  readonly id: PreApprovalId;
  /** Whose requests it decides. */
  readonly principal: Person;
  /** Who decides by it; it is of no use while they could not approve the request themselves. */
  readonly creator: Person;
  /** Who made the API key that it was opened with, if one was used: nobody tells them from the creator. */
  readonly keyMakers: readonly PersonId[];
  /** The door through which it was opened. */
  readonly via: 'slack' | 'api';
  readonly permission: Permission;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  /** Only within these; what is granted in them ends with them. Undefined: at any time. */
  readonly hours?: RecurringWindow | undefined;
  /** The longest access that one request may ask for. */
  readonly duration: DurationSeconds;
  readonly reason: string | undefined;
  readonly createdAt: Instant;
  /** Undefined unless somebody ended it; a window that merely closed was not ended. */
  readonly ended: { readonly at: Instant; readonly by: Person } | undefined;
};

export type Window = Pick<PreApproval, 'opensAt' | 'closesAt' | 'hours' | 'duration'>;

/** Clocks of clients are a little behind. */
const toleratedPastMs = 60_000;

/**
 * The window that somebody asks for, within what the settings allow: neither it nor one request in it is longer than
 * the maximum, and it opens no further ahead. Without `start` it opens now; it closes at `end`, or after `length`.
 */
export function planWindow(
  wish: {
    readonly length: DurationSeconds | undefined;
    readonly duration: DurationSeconds | undefined;
    readonly start: string | undefined;
    readonly end?: string | undefined;
    /** Hours that come again, as {@link parseRecurringWindow} takes them. */
    readonly window?: string | undefined;
  },
  settings: Settings,
  now: Instant,
): Result<Window> {
  const maximum = toSeconds(settings.maxAccess);
  const duration = wish.duration ?? smallestAllowed(settings);
  for (const asked of [wish.length ?? duration, duration]) if (asked > maximum) return reject({ code: 'over-maximum', asked, maximum });
  const opensAt = wish.start === undefined ? now : parseStartTime(wish.start);
  const wrongStart = (why: string) => reject({ code: 'invalid-value', field: 'start', why });
  if (opensAt === undefined) return wrongStart(wrongTime);
  if (opensAt < now - toleratedPastMs) return wrongStart('The window cannot open in the past; times without a zone are UTC.');
  if (opensAt > after(now, maximum)) return wrongStart(`The window can open at most ${describeDuration(maximum)} ahead.`);
  const closesAt = wish.length === undefined ? parseStartTime(wish.end ?? '') : after(opensAt, wish.length);
  const wrongEnd = (why: string) => reject({ code: 'invalid-value', field: 'end', why });
  if (closesAt === undefined) return wrongEnd(wrongTime);
  if (closesAt <= opensAt) return wrongEnd('The window must close after it opens; times without a zone are UTC.');
  const length = toSeconds({ time: Math.ceil((closesAt - opensAt) / 1000), unit: 's' });
  if (length > maximum) return reject({ code: 'over-maximum', asked: length, maximum });
  const hours = wish.window === undefined ? accept(undefined) : parseRecurringWindow(wish.window);
  if (!hours.ok) return hours;
  if (hours.value === undefined) return accept({ opensAt, closesAt, duration });
  const first = spanAt(hours.value, opensAt);
  if (first === undefined || first.opensAt >= closesAt)
    return reject({ code: 'invalid-value', field: 'window', why: `These hours do not come ${windowText({ opensAt, closesAt })}.` });
  return accept({ opensAt, closesAt, hours: hours.value, duration });
}

/** What ends within less is of no use: giving it takes a moment too. */
const shortestCoverMs = 60_000;

/**
 * Until when at the latest a request may have access that this decides now: undefined for as long as it asks.
 * `outside`: the hours are closed, or close too soon.
 */
export function coverEnd({ hours }: Pick<PreApproval, 'hours'>, now: Instant): Instant | undefined | 'outside' {
  if (hours === undefined) return undefined;
  const span = spanAt(hours, now);
  return span === undefined || span.opensAt > now || span.closesAt - now < shortestCoverMs ? 'outside' : span.closesAt;
}

/** Do the hours come again before it closes? */
export function comesAgain({ hours, closesAt }: Pick<PreApproval, 'hours' | 'closesAt'>, now: Instant): boolean {
  if (hours === undefined) return false;
  const span = spanAt(hours, now);
  const next = span !== undefined && span.opensAt <= now ? spanAt(hours, instant(span.closesAt)) : span;
  return next !== undefined && next.opensAt < closesAt;
}

const wrongTime = `Write ${startTimeShape}.`;

const minuteText = (at: Instant): string => `${isoTime(at).slice(0, 16).replace('T', ' ')} UTC`;

/** "from 2026-01-31 09:00 UTC to 2026-02-05 09:00 UTC", and ", Mon-Fri 09:00-17:00 Europe/Paris" where there are hours. */
export const windowText = ({ opensAt, closesAt, hours }: Pick<Window, 'opensAt' | 'closesAt' | 'hours'>): string =>
  `from ${minuteText(opensAt)} to ${minuteText(closesAt)}${hours === undefined ? '' : `, ${recurringWindowText(hours)}`}`;

/** For whom, what and when, in plain text. */
export const preApprovalText = (preApproval: PreApproval): string => {
  const { principal, permission, duration, id } = preApproval;
  const { accessType, resource, integration } = permission;
  return [
    `Pre-approved ${principal.email} for ${accessType} ${resource} on ${integration}.`,
    `Requests made ${windowText(preApproval)}, for up to ${describeDuration(duration)} each, need no approver.`,
    `Its id: ${id}`,
  ].join('\n');
};
