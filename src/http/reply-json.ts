import type { Reply, Submitted } from '../app/use-cases.ts';
import type { Grant } from '../domain/grant.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import { preApprovalText } from '../domain/pre-approval.ts';
import { isoTime } from '../domain/time.ts';
import { deciderName, givenUp, requestText } from './request-text.ts';

/** A request on the wire: the members that the published clients know, and beside them what they lack. Times are ISO 8601. */
export function requestJson(request: PermissionRequest) {
  const { integration, service, accessType, resource } = request.permission;
  const status = wireStatus(request.state);
  return {
    id: request.id,
    type: service,
    permission: { integration, accessType, resource },
    generated: generatedJson(request),
    principal: request.principal.email,
    status,
    ...(status === 'ERRORED' ? { error: { message: givenUp } } : {}),
    requestor: request.requestor.email,
    reason: request.reason,
    requestedSeconds: request.asked,
    extends: request.extension?.of,
    narrowed: request.narrowed,
    escalatedAt: request.escalation === undefined ? undefined : isoTime(request.escalation.at),
    createdAt: isoTime(request.createdAt),
    approvableUntil: isoTime(request.approvableUntil),
    questions: request.questions?.map(({ by, at, text, answer }) => ({
      by: by.email,
      at: isoTime(at),
      question: text,
      answer: answer === undefined ? undefined : { by: answer.by.email, at: isoTime(answer.at), answer: answer.text },
    })),
    endorsements: request.endorsements?.map(({ by, at, duration }) => ({ by: by.email, at: isoTime(at), seconds: duration })),
    breakGlass: breakGlassJson(request),
    decision: decisionJson(request),
    access: accessJson(request),
  };
}

function breakGlassJson({ breakGlass }: PermissionRequest) {
  if (breakGlass === undefined) return undefined;
  const { at, review } = breakGlass;
  return { at: isoTime(at), review: review && { by: review.by.email, at: isoTime(review.at), note: review.note } };
}

/** What giving the access made, as long as it is there. */
function generatedJson({ state }: PermissionRequest) {
  return state.kind === 'approved' && state.grant.state.kind === 'active' && state.grant.hours?.state !== 'closed'
    ? { account: state.grant.account }
    : {};
}

/** Who decided what; absent while nobody has. A cancelled request reads as denied with that reason (decision 9). */
function decisionJson({ state }: PermissionRequest) {
  switch (state.kind) {
    case 'pending':
    case 'lapsed':
      return undefined;
    case 'approved':
      return { by: deciderName(state.by), at: isoTime(state.at), seconds: state.duration };
    case 'denied':
      return { by: deciderName(state.by), at: isoTime(state.at), reason: state.reason };
    case 'cancelled':
      return { at: isoTime(state.at), reason: 'cancelled' };
  }
}

/** When the access is there; absent before the target confirmed it. `endedAt` only after it was seen to be gone (I18). */
function accessJson({ state }: PermissionRequest) {
  if (state.kind !== 'approved') return undefined;
  const grant = state.grant.state;
  switch (grant.kind) {
    case 'planned':
    case 'ending':
    case 'failed':
      return undefined;
    case 'active':
      return { grantedAt: isoTime(grant.grantedAt), expiresAt: isoTime(grant.expiresAt), hours: hoursJson(state.grant) };
    case 'ended':
      return { ended: grant.end.kind, endedAt: isoTime(grant.evidence.observedAt) };
  }
}

/** Undefined where the right is there as long as the grant. */
export const hoursJson = ({ hours }: Pick<Grant, 'hours'>) =>
  hours === undefined
    ? undefined
    : { window: hours.text, state: hours.state, opensAt: isoTime(hours.opensAt), closesAt: isoTime(hours.closesAt) };

/** The answer to a decision or a revocation, on either door. */
export const changedJson = (request: PermissionRequest) => ({
  ok: true,
  message: requestText(request),
  id: request.id,
  request: requestJson(request),
});

/** What somebody who waits for a request is told in the end: the members of the answer to the command, as they are now. */
export const polledJson = ({ request, isPreexisting, isPersistent, isPreapproved }: Submitted) => ({
  ...changedJson(request),
  isPreexisting,
  isPersistent,
  isPreapproved,
});

/** What a command came to, in the shapes of the Command API. `ok` and `message` are what the published clients insist on. */
export function replyJson(reply: Reply): object {
  switch (reply.kind) {
    case 'submitted':
      return {
        ok: true,
        message: `Access requested: ${requestText(reply.request)}${reply.isPreexisting ? `\nThe principal has this access already${reply.isPersistent ? '' : ', by another grant'}.` : ''}`,
        id: reply.request.id,
        isPreexisting: reply.isPreexisting,
        isPersistent: reply.isPersistent,
        isPreapproved: reply.isPreapproved,
        request: requestJson(reply.request),
      };
    case 'allowed':
      return { ok: true, message: preApprovalText(reply.preApproval) };
    case 'decided':
    case 'ending':
      return changedJson(reply.request);
    case 'status':
      return { ok: true, message: reply.requests.map(requestText).join('\n') || 'There are no requests.' };
    case 'list':
      return { ok: true, arg: reply.arg, term: reply.term, isTruncated: reply.isTruncated, items: reply.items };
    case 'help':
      return { ok: true, message: reply.text };
  }
}
