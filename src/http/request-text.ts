import { describeDuration } from '../domain/duration.ts';
import type { Grant, GrantHours } from '../domain/grant.ts';
import type { Decider, PermissionRequest } from '../domain/request.ts';
import { clip } from '../domain/said.ts';
import { isoTime, type Instant } from '../domain/time.ts';

/** `2025-01-31 09:00:00 UTC`: a terminal does not know its reader's time zone. */
const at = (time: Instant): string => `${isoTime(time).slice(0, 19).replace('T', ' ')} UTC`;

export const deciderName = (by: Decider): string => (by.kind === 'person' ? by.person.email : `policy ${by.name}`);

/** One line of plain text without markup: what, for whom, its id, what became of it. */
export function requestText(request: PermissionRequest): string {
  const { service, accessType, resource } = request.permission;
  return `${service} ${accessType} ${clip(resource)} for ${request.principal.email} (request ${request.id}): ${outcome(request)}`;
}

function outcome({ state, approvableUntil, endorsements = [] }: PermissionRequest): string {
  switch (state.kind) {
    case 'pending':
      return `waits for approval until ${at(approvableUntil)}${endorsements.map(({ by }) => `, agreed to by ${by.email}`).join('')}`;
    case 'approved':
      return grantText(state.grant, state.by);
    case 'denied':
      return `denied by ${clip(deciderName(state.by))}${state.reason === undefined ? '' : `: ${clip(state.reason)}`}`;
    case 'cancelled':
      return 'taken back by the requestor';
    case 'lapsed':
      return 'lapsed, nobody decided in time';
  }
}

function grantText({ state, duration, hours }: Grant, by: Decider): string {
  switch (state.kind) {
    case 'planned':
      return `approved by ${clip(deciderName(by))} for ${describeDuration(duration)}, ${hours === undefined ? 'being set up' : `there ${hours.text}, first from ${at(hours.opensAt)}`}`;
    case 'active':
      return hours === undefined ? `active until ${at(state.expiresAt)}` : hoursText(hours, state.expiresAt);
    case 'ending':
      return 'being taken away';
    case 'failed':
      return givenUp;
    case 'ended':
      return `${state.end.kind} at ${at(state.end.at)}`;
  }
}

function hoursText({ state, text, opensAt, closesAt }: GrantHours, expiresAt: Instant): string {
  const whole = `there ${text}, standing until ${at(expiresAt)}`;
  switch (state) {
    case 'open':
      return `active until ${at(closesAt < expiresAt ? closesAt : expiresAt)}, ${whole}`;
    case 'closing':
      return `being taken away because its hours are over, ${whole}`;
    case 'closed':
      return `${opensAt < expiresAt ? `outside its hours until ${at(opensAt)}` : 'outside its hours'}, ${whole}`;
  }
}

/** In place of the target's own words, which may say more about it than the reader should know. */
export const givenUp = 'the access could not be set up';
