/** Which messages a request should have at a moment, and when that changes by time alone. */
import { type DurationSeconds, toSeconds } from './duration.ts';
import type { GrantState } from './grant.ts';
import { type Email, parseEmail, spelledAs } from './ids.ts';
import type { PermissionRequest } from './request.ts';
import { after, instant, type Instant } from './time.ts';

export const slots = [
  'approval',
  'escalation',
  'reminder',
  'nudge',
  'question',
  'request',
  'inquiry',
  'access',
  'warning',
  'ended',
  'refused',
  'accesses',
  'warnings',
  'endings',
  'breakglass',
  'unreviewed',
] as const;
/** What a message is for. */
export type Slot =
  /** To approvers, with the buttons. */
  | 'approval'
  /** To approvers once more, because whoever is on call, or a further group (then with a round), is asked now. */
  | 'escalation'
  /** To approvers, below the approval message: it still waits. */
  | 'reminder'
  /** To approvers, below the approval message: the requestor asks them to hurry. */
  | 'nudge'
  /** To approvers, below the approval message: what one of them wants to know, and the answer. */
  | 'question'
  /** To the requestor: the same, to be answered. */
  | 'inquiry'
  /** To the requestor: what became of the request. */
  | 'request'
  /** To the principal: the access, how to use it, Relinquish. */
  | 'access'
  /** To the principal: the access ends soon. */
  | 'warning'
  /** To the principal: the access has ended. */
  | 'ended'
  /** To the requestor: there will be no access. A message of its own, because a redrawn one makes no sound. */
  | 'refused'
  /** To the principal: `access` of several requests in one message, see `burst.ts`. */
  | 'accesses'
  /** To the principal: `warning` of several requests in one message. */
  | 'warnings'
  /** To the principal: `ended` of several requests in one message. */
  | 'endings'
  /** To owners and approvers: access was taken at once. */
  | 'breakglass'
  /** To them, below it: nobody has reviewed that yet. */
  | 'unreviewed';

/**
 * To whom a message goes. `usual`: the approvals channel for what approvers read, else a direct message to the requestor or
 * the principal, see {@link Slot}. A channel by its name or id.
 */
export type Place =
  | { readonly kind: 'usual' }
  | { readonly kind: 'channel'; readonly channel: string }
  | { readonly kind: 'person'; readonly email: Email };

/** One message. Each exists at most once and is redrawn in place. `round` counts reminders (of reviews too), nudges and questions from 1; 0 for all others. */
export type Posting = { readonly slot: Slot; readonly to: Place; readonly round: number };

export const usual: Place = { kind: 'usual' };
export const posting = (slot: Slot, to: Place = usual, round = 0): Posting => ({ slot, to, round });

/** The name by which a posted message is kept: `approval`, `reminder-2`, `approval#C0123`, `approval@bob@example.com`. */
export function postingKey({ slot, to, round }: Posting): string {
  const what = round === 0 ? slot : `${slot}-${round}`;
  switch (to.kind) {
    case 'usual':
      return what;
    case 'channel':
      return `${what}#${to.channel}`;
    case 'person':
      return `${what}@${to.email}`;
  }
}

/** Undefined for a name that this release does not know. */
export function parsePostingKey(key: string): Posting | undefined {
  const [, name, round, mark, rest = ''] = /^([a-z]+)(?:-([1-9][0-9]?))?(?:([#@])(.+))?$/s.exec(key) ?? [];
  const slot = slots.find((known) => known === name);
  const to = mark === '#' ? ({ kind: 'channel', channel: rest } as const) : mark === '@' ? person(rest) : usual;
  return slot === undefined || to === undefined ? undefined : posting(slot, to, round === undefined ? 0 : Number(round));
}

function person(text: string): Place | undefined {
  const email = parseEmail(text);
  return email === undefined ? undefined : { kind: 'person', email };
}

/** Each reminder comes after four times as long as the one before it; then we are silent until the request lapses. */
const remindAfter: readonly DurationSeconds[] = [
  toSeconds({ time: 15, unit: 'm' }),
  toSeconds({ time: 1, unit: 'h' }),
  toSeconds({ time: 4, unit: 'h' }),
  toSeconds({ time: 16, unit: 'h' }),
];

/**
 * The messages that should exist now. One that was posted already is always kept true, and so is on the list.
 * @param posted what exists
 * @param audience where approvers are asked, or told of what was taken without them
 */
export function postingsOf(request: PermissionRequest, posted: readonly Posting[], audience: readonly Place[], now: Instant): Posting[] {
  const wanted = [...wantedNow(request, asTold(audience, posted), now), ...posted];
  return [...new Map(wanted.map((each) => [postingKey(each), each])).values()];
}

/** Whoever was told under one spelling of their address is the same under another. */
function asTold(audience: readonly Place[], posted: readonly Posting[]): readonly Place[] {
  const spell = spelledAs(posted.flatMap(({ to }) => (to.kind === 'person' ? [to.email] : [])));
  return audience.map((to) => (to.kind === 'person' ? { ...to, email: spell(to.email) } : to));
}

function wantedNow(request: PermissionRequest, audience: readonly Place[], now: Instant): Posting[] {
  const { state } = request;
  switch (state.kind) {
    case 'pending': {
      const round = remindersOf(request).filter((at) => at <= now).length;
      return [
        ...audience.map((to) => posting('approval', to)),
        ...escalationsOf(request, audience),
        // After a time in which we were away, the last one stands for those before it.
        ...(round === 0 ? [] : audience.map((to) => posting('reminder', to, round))),
        ...(request.nudges === undefined ? [] : audience.map((to) => posting('nudge', to, request.nudges))),
        ...(request.questions ?? []).flatMap((_, index) => [
          ...audience.map((to) => posting('question', to, index + 1)),
          posting('inquiry', usual, index + 1),
        ]),
        posting('request'),
      ];
    }
    // What nobody had to decide is not put before approvers.
    case 'cancelled':
      return [posting('request')];
    case 'denied':
      return [posting('request'), posting('refused')];
    case 'lapsed':
      return [posting('request'), posting('refused'), ...toPrincipal(request)];
    case 'approved':
      return [posting('request'), ...ofBreakGlass(request, audience, now), ...ofGrant(request, state.grant.state, now)];
  }
}

function escalationsOf({ escalation, groupsAsked }: PermissionRequest, audience: readonly Place[]): Posting[] {
  // People who are asked now get a message of their own anyway, and the others have theirs.
  const channels = audience.filter(({ kind }) => kind !== 'person');
  const isOnePress = escalation !== undefined && escalation.at === groupsAsked?.at;
  return [
    ...(escalation === undefined ? [] : (isOnePress ? channels : audience).map((to) => posting('escalation', to))),
    ...(groupsAsked === undefined || isOnePress ? [] : channels.map((to) => posting('escalation', to, groupsAsked.count))),
  ];
}

/** Who was to have the access learns, too, that nobody decided about it. */
const toPrincipal = ({ requestor, principal }: PermissionRequest): Posting[] =>
  requestor.id === principal.id ? [] : [posting('refused', { kind: 'person', email: principal.email })];

/** Of what is reviewed nobody new is told. */
function ofBreakGlass({ breakGlass }: PermissionRequest, audience: readonly Place[], now: Instant): Posting[] {
  if (breakGlass === undefined || breakGlass.review !== undefined) return [];
  const round = reviewRemindersOf(breakGlass).filter((at) => at <= now).length;
  return [
    ...audience.map((to) => posting('breakglass', to)),
    ...(round === 0 ? [] : audience.map((to) => posting('unreviewed', to, round))),
  ];
}

function ofGrant(request: PermissionRequest, grant: GrantState, now: Instant): Posting[] {
  switch (grant.kind) {
    case 'planned':
    case 'ending':
      return [];
    case 'active': {
      const warnAt = warningAt(request);
      return [posting('access'), ...(warnAt === undefined || now < warnAt ? [] : [posting('warning')])];
    }
    // Where an extension took over, the access has not ended; the extension's own message tells when it does.
    case 'ended':
      return request.extendedUntil === undefined ? [posting('ended')] : [];
    case 'failed':
      return [posting('refused')];
  }
}

/** When the messages next change although nothing happens; undefined: never. `escalateAt`: whoever is on call is asked then. */
export function nextNoticeAt(request: PermissionRequest, now: Instant, escalateAt?: Instant): Instant | undefined {
  const warnAt = warningAt(request);
  const waiting = [...remindersOf(request), ...(escalateAt === undefined ? [] : [escalateAt])];
  const owed = request.breakGlass?.review === undefined ? reviewRemindersOf(request.breakGlass) : [];
  const later = [...owed, ...(warnAt === undefined ? [] : [warnAt])];
  return (request.state.kind === 'pending' ? waiting : later).toSorted((a, b) => a - b).find((at) => at > now);
}

const remindersOf = ({ createdAt, approvableUntil }: PermissionRequest): Instant[] =>
  remindAfter.map((wait) => after(createdAt, wait)).filter((at) => at < approvableUntil);

/** Each day once it is a day old, and for a month: who could review it has had every chance by then. */
const remindOfReviewAfter: readonly DurationSeconds[] = [
  toSeconds({ time: 1, unit: 'h' }),
  toSeconds({ time: 4, unit: 'h' }),
  ...Array.from({ length: 30 }, (_, days) => toSeconds({ time: days + 1, unit: 'd' })),
];
const reviewRemindersOf = (used: PermissionRequest['breakGlass']): Instant[] =>
  used === undefined ? [] : remindOfReviewAfter.map((wait) => after(used.at, wait));

const shortestWarning: DurationSeconds = toSeconds({ time: 1, unit: 'm' });
const longestWarning: DurationSeconds = toSeconds({ time: 1, unit: 'd' });

/**
 * A tenth of the time before the end, at least a minute and at most a day. Undefined where there is nothing to warn of: access
 * that goes on by an extension, and such short access that the warning would come in its first half.
 */
export function warningAt({ state, extendedUntil }: PermissionRequest): Instant | undefined {
  if (state.kind !== 'approved' || state.grant.state.kind !== 'active' || extendedUntil !== undefined) return undefined;
  const { grantedAt, expiresAt } = state.grant.state;
  const lastsMs = expiresAt - grantedAt;
  const aheadMs = Math.min(longestWarning * 1000, Math.max(shortestWarning * 1000, lastsMs / 10));
  return aheadMs > lastsMs / 2 ? undefined : instant(expiresAt - aheadMs);
}
