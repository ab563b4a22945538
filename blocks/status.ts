/** What became of a request, in words: one headline that starts with the status, and the lines below it. */
import type { KnownBlock } from '@slack/types';
import { describeDuration, isDurationSeconds } from '../src/domain/duration.ts';
import type { End, Evidence, Grant, GrantHours } from '../src/domain/grant.ts';
import type { PermissionRequest, RequestState } from '../src/domain/request.ts';
import type { Instant } from '../src/domain/time.ts';
import { paragraph, quote } from './kit.ts';
import { type Line, bold, date, exactDate, line, words } from './line.ts';
import { decider } from './words.ts';

export type Status = { readonly headline: Line; readonly details: readonly Line[]; readonly quoted: string | undefined };
type Approved = Extract<RequestState, { kind: 'approved' }>;

const status = (headline: Line, details: readonly Line[] = [], quoted?: string): Status => ({ headline, details, quoted });

/** What somebody, or the target, said to it, below whose words these are. */
export function quotedBlocks(request: PermissionRequest): KnownBlock[] {
  const { quoted } = statusOf(request);
  return quoted === undefined ? [] : [paragraph(line(quotedLabel(request))), quote(quoted)];
}

function quotedLabel({ state }: PermissionRequest): string {
  if (state.kind === 'denied') return 'Reason for the denial:';
  return state.kind === 'approved' && state.grant.state.kind === 'failed' ? 'The target said:' : 'Reason for the revocation:';
}

export function statusOf(request: PermissionRequest): Status {
  const { state } = request;
  switch (state.kind) {
    case 'pending':
      return status(line('⏳ ', bold('Waiting'), ' for a decision until ', date(request.approvableUntil)));
    case 'denied':
      return status(line('⛔ ', bold('Denied'), ' by ', decider(state.by), ', ', date(state.at)), [], state.reason);
    case 'cancelled':
      return status(line('✖️ ', bold('Cancelled'), ' by ', bold(request.requestor.email), ', ', date(state.at)));
    case 'lapsed':
      return status(line('⌛ ', bold('Lapsed'), ': nobody decided before ', date(state.at)));
    case 'approved':
      return grantStatus(request, state, state.grant);
  }
}

function grantStatus(request: PermissionRequest, approved: Approved, { state, standing, hours }: Grant): Status {
  const agreed = line(
    request.breakGlass === undefined ? 'Approved by ' : 'Taken at once by ',
    decider(approved.by),
    ...alsoAgreed(request, approved),
    ' for ',
    bold(describeDuration(approved.duration)),
    ', ',
    date(approved.at),
  );
  switch (state.kind) {
    case 'planned':
      if (hours !== undefined && hours.opensAt > approved.at)
        return status(line('✅ ', bold('Approved'), ' for its hours. They begin ', date(hours.opensAt)), [hoursLine(hours), agreed]);
      return status(line('✅ ', bold('Approved'), ', being set up. Ends at the latest ', date(state.latestEnd)), [agreed]);
    case 'active':
      if (hours !== undefined)
        return status(inHours(hours, state.expiresAt, lastsUntil(request, state.expiresAt)), [hoursLine(hours), agreed]);
      return status(line('🟢 ', bold('Active'), standing ? ' (standing) until ' : ' until ', lastsUntil(request, state.expiresAt)), [
        agreed,
      ]);
    case 'ending':
      return status(line('🟠 ', bold('Ending'), ': ', endLine(request, state.end), '. Being taken away'), [agreed]);
    case 'ended':
      if (request.extendedUntil !== undefined && state.end.kind === 'expired')
        return status(line('🔁 ', bold('Extended'), ' until ', date(request.extendedUntil)), [agreed]);
      return status(
        line('⚪ ', bold('Ended'), ': ', endLine(request, state.end)),
        [...proof(state.end, state.evidence), agreed],
        endReason(state.end),
      );
    case 'failed':
      return status(line('🔴 ', bold('Failed'), ': could not be set up, ', date(state.at)), [agreed], state.why);
  }
}

/** It is there in its hours only, and is said to be gone when it was seen to be (I18). */
function inHours(hours: GrantHours, expiresAt: Instant, last: Line): Line {
  const goesOn = line('. It comes back in its hours until ', last);
  switch (hours.state) {
    case 'open':
      return hours.closesAt < expiresAt
        ? line('🟢 ', bold('Active'), ' until ', date(hours.closesAt), ', when its hours close', goesOn)
        : line('🟢 ', bold('Active'), ' (standing) until ', last);
    case 'closing':
      return line('🟠 ', bold('Closing'), ': its hours are over. Being taken away', goesOn);
    case 'closed':
      return hours.opensAt < expiresAt
        ? line('🌙 ', bold('Outside its hours'), ' until ', date(hours.opensAt), line('. It has its hours until ', last))
        : line('🌙 ', bold('Outside its hours'), ', which do not come again before it ends ', last);
  }
}

export const hoursLine = ({ text }: GrantHours): Line => line('Hours: ', bold(text));

/** Where one yes was not enough, those before it. */
const alsoAgreed = ({ endorsements = [] }: PermissionRequest, { by }: Approved): readonly Line[] =>
  endorsements.filter((each) => by.kind === 'person' && each.by.id !== by.person.id).map((each) => line(' and ', bold(each.by.email)));

/** The one end that counts: an extension takes over without a gap. */
export const lastsUntil = ({ extendedUntil }: PermissionRequest, expiresAt: Instant): Line =>
  extendedUntil === undefined ? date(expiresAt) : line(date(extendedUntil), ' (extended)');

export function endLine(request: PermissionRequest, end: End): Line {
  switch (end.kind) {
    case 'expired':
      return line('its time was over ', date(end.at));
    case 'relinquished':
      return line('given back by ', bold(request.principal.email), ', ', date(end.at));
    case 'removed':
      return line('removed at the target by somebody else, seen ', date(end.at));
    case 'revoked':
      return line('revoked early by ', bold(end.by.email), ', ', date(end.at));
  }
}

const endReason = (end: End): string | undefined => (end.kind === 'revoked' ? end.reason : undefined);

/** What was seen at the target, and how long after the end. */
export function proof(end: End, { observedAt, leftInPlace, sessionsEnded, sessionsMayGoOn, untouched }: Evidence): readonly Line[] {
  const seen = line(exactDate(observedAt), ', ', lagWords(observedAt - end.at), ' after the end');
  const sessions =
    sessionsEnded === 0 ? [] : [line(`${sessionsEnded} open ${sessionsEnded === 1 ? 'session was' : 'sessions were'} closed`)];
  const open = sessionsMayGoOn === true ? [words('Sessions that were open may go on until they close by themselves')] : [];
  switch (leftInPlace) {
    case undefined:
      if (untouched === true) return [line('There was nothing of it to take away at the target. Settled ', seen)];
      return [line('Seen to be gone at the target ', seen), ...sessions, ...open];
    case 'pre-existing':
      return [line('The right itself stays: it was there before, so the target was not touched. Settled ', seen), ...sessions];
    case 'another-grant':
      return [line('The right itself stays: another grant still gives it. Checked ', seen), ...sessions];
  }
}

/** The same behind a headline, in short; nothing where access has not ended, or goes on. */
export function whenGone({ state, extendedUntil }: PermissionRequest): Line {
  if (state.kind !== 'approved' || state.grant.state.kind !== 'ended' || extendedUntil !== undefined) return [];
  const { end, evidence } = state.grant.state;
  if (evidence.leftInPlace !== undefined) return line('; the right itself stays');
  if (evidence.untouched === true) return line('; there was nothing of it to take away');
  return line(', seen gone ', lagWords(evidence.observedAt - end.at), ' after');
}

/** "0.4 s" up to a minute, then words. */
export function lagWords(milliseconds: number): string {
  const seconds = Math.round(Math.max(0, milliseconds) / 1000);
  if (milliseconds < 60_000 || !isDurationSeconds(seconds)) return `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s`;
  return describeDuration(seconds);
}
