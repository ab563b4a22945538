import type { RequestEvent, SealedRequestEvent } from '../app/request-history-store.ts';
import type { Actor } from '../app/store.ts';
import { describeDuration, isDurationSeconds } from '../domain/duration.ts';
import { statusAfter } from '../domain/request-event.ts';
import { clip } from '../domain/said.ts';
import { givenUp } from './request-text.ts';

/**
 * What readers of a request are told of an event's data. A list of what may be told and not of what may not: a target's own
 * words, for one, say more about it than the reader should know.
 */
const told = [
  'integration',
  'accessType',
  'resource',
  'reason',
  'askedSeconds',
  'outcome',
  'policies',
  'policyVersion',
  'seconds',
  'window',
  'latestEnd',
  'preApproval',
  'question',
  'answer',
  'note',
  'with',
  'oneParty',
  'services',
  'by',
  'expiresAt',
  'opensAt',
  'closesAt',
  'closedAt',
  'end',
  'endAt',
  'observedGoneAt',
  'leftInPlace',
  'sessionsEnded',
  'sessionsMayGoOn',
  'untouched',
  'latenessMs',
  'attempt',
  'code',
];

const toldOf = (data: RequestEvent['data']): Record<string, unknown> =>
  Object.fromEntries(told.flatMap((name) => ((data[name] ?? null) === null ? [] : [[name, data[name]]])));

/** As far as it is shown. */
export type ShownActor =
  | { readonly kind: 'person'; readonly email: string; readonly via: Extract<Actor, { kind: 'person' }>['via'] }
  | Exclude<Actor, { kind: 'person' }>;

/** Who did it, without the ids that only the audit log needs. */
export function actorJson(actor: ShownActor) {
  switch (actor.kind) {
    case 'person':
      return { kind: actor.kind, email: actor.email, via: actor.via };
    case 'policy':
      return { kind: actor.kind, name: actor.name };
    case 'system':
    case 'unknown':
      return { kind: actor.kind };
  }
}

/** A line of a request's timeline. */
export const timelineJson = ({ seq, time, action, actor, data }: RequestEvent) => ({
  seq: seq ?? null,
  at: time,
  action,
  actor: actorJson(actor),
  what: eventText(action, data),
});

/** One event of the stream; `id` is its number in the chain. */
export const streamedJson = ({ seq, time, action, actor, request, grant, data }: SealedRequestEvent) => ({
  id: seq,
  at: time,
  action,
  actor: actorJson(actor),
  requestId: request,
  grantId: grant ?? null,
  status: statusAfter(action, data['end']) ?? null,
  data: toldOf(data),
});

/** One plain sentence, without its full stop. */
function eventText(action: string, data: RequestEvent['data']): string {
  const word = (name: string): string => clip(typeof data[name] === 'string' ? data[name] : '');
  const because = word('reason') === '' ? '' : `: ${word('reason')}`;
  switch (action) {
    case 'request.submitted':
      return `Asked for ${word('accessType')} ${word('resource')} of ${word('integration')}${lasting(data['askedSeconds'])}${because}`;
    case 'request.questioned':
      return `Asked: ${word('question')}`;
    case 'request.answered':
      return `Answered: ${word('answer')}`;
    case 'request.nudged':
      return 'Approvers were asked to hurry';
    case 'step.begun':
      return 'A step of a workflow waits for the decision';
    case 'request.endorsed':
      return `Agreed to${lasting(data['seconds'])}; more people must`;
    case 'request.approved':
      return `Approved${lasting(data['seconds'])}${typeof data['preApproval'] === 'string' ? ', by a pre-approval' : ''}`;
    case 'breakglass.used':
      return `Taken at once, without an approver${lasting(data['seconds'])}${because}`;
    case 'breakglass.reviewed':
      return `Reviewed: ${word('note')}`;
    case 'request.denied':
      return `Denied${because}`;
    case 'request.cancelled':
      return 'Taken back by the requestor';
    case 'request.lapsed':
      return 'Lapsed, nobody decided in time';
    case 'request.escalated':
      return `Whoever is on call was asked for${because}`;
    case 'request.narrowed':
      return `Made less: ${word('to')} in place of ${word('from')}`;
    case 'request.widened':
      return `The next group was asked too${because}`;
    case 'grant.activated':
      return `The target confirmed the access, until ${word('expiresAt')}`;
    case 'grant.opened':
      return `Its hours began: the target confirmed the access, until ${word('closesAt')}`;
    case 'grant.closed':
      return `Its hours are over: ${data['leftInPlace'] === null ? 'seen to be gone at the target' : 'the right itself stays'}`;
    case 'grant.extended':
      return `The access goes on by another request, until ${word('expiresAt')}`;
    case 'grant.revoked':
      return `Taken away before its time${because}`;
    case 'grant.relinquished':
      return 'Given back';
    case 'grant.removed':
      return 'Removed at the target by somebody else, and taken for ended';
    case 'right.drifted':
      return `Seen to be removed at the target by somebody else${data['response'] === 'repair' ? '; it is given again' : ''}`;
    case 'right.restored':
      return 'Seen to be there again at the target';
    case 'grant.ended':
      return endText(data);
    case 'grant.failed':
      return `${givenUp.charAt(0).toUpperCase()}${givenUp.slice(1)}`;
    case 'secret.shown':
      return 'The password was shown to the principal';
    case 'refused':
      return `Refused: ${word('attempt')} (${word('code')})`;
    default:
      return action;
  }
}

const lasting = (seconds: unknown): string =>
  typeof seconds === 'number' && isDurationSeconds(seconds) ? ` for ${describeDuration(seconds)}` : '';

function endText({ leftInPlace, untouched, latenessMs }: RequestEvent['data']): string {
  if (leftInPlace === 'another-grant') return 'Ended; the right stays, by another grant';
  if (leftInPlace === 'pre-existing') return 'Ended; the right stays, it was there before';
  if (untouched === true) return 'Ended; there was nothing of it to take away at the target';
  return typeof latenessMs === 'number' ? `Seen to be gone at the target, ${latenessMs} ms after its end` : 'Seen to be gone at the target';
}
