import type { RequestDetail } from '../app/request-history.ts';
import type { RequestEvent } from '../app/request-history-store.ts';
import type { End } from '../domain/grant.ts';
import { isoTime, type Instant } from '../domain/time.ts';
import { actorJson, timelineJson } from './event-json.ts';
import { hoursJson, requestJson } from './reply-json.ts';

export const isoOf = (time: Instant | undefined): string | undefined => (time === undefined ? undefined : isoTime(time));
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A request in full. Members without a value are left out. */
export function requestDetailJson(detail: RequestDetail) {
  return {
    ...requestJson(detail.request),
    matched: matchedJson(detail.events.find((event) => event.action === 'request.submitted')?.data),
    approval: detail.approval,
    decisions: detail.events.flatMap(decisionJson),
    grant: grantJson(detail),
    evidence: evidenceJson(detail),
    timeline: detail.events.map(timelineJson),
  };
}

export const rulesJson = (data: RequestEvent['data']) => ({
  policies: Array.isArray(data['policies']) ? data['policies'].filter((name) => typeof name === 'string') : [],
  policyVersion: textOf(data['policyVersion']),
});

/** Absent for requests from before it was written down. */
function matchedJson(data: RequestEvent['data'] | undefined) {
  if (data === undefined || textOf(data['policyVersion']) === undefined) return undefined;
  return { outcome: textOf(data['outcome']), ...rulesJson(data) };
}

function decisionJson({ action, actor, time, data }: RequestEvent) {
  if (action !== 'request.approved' && action !== 'request.denied') return [];
  return [
    {
      verdict: action === 'request.approved' ? 'approved' : 'denied',
      at: time,
      by: actorJson(actor),
      seconds: typeof data['seconds'] === 'number' ? data['seconds'] : undefined,
      reason: textOf(data['reason']),
      ...rulesJson(data),
      preApproval: textOf(data['preApproval']),
    },
  ];
}

function grantJson({ request: { state }, grant }: RequestDetail) {
  if (state.kind !== 'approved' || grant === undefined) return undefined;
  const { id, duration, standing, state: now } = state.grant;
  return {
    id,
    state: now.kind,
    account: grant.account,
    seconds: duration,
    standing,
    hours: hoursJson(state.grant),
    latestEnd: isoTime(grant.latestEnd),
    grantedAt: isoOf(grant.grantedAt),
    expiresAt: isoOf(grant.expiresAt),
    end: now.kind === 'ending' || now.kind === 'ended' ? endJson(now.end) : undefined,
    goneAt: now.kind === 'ended' ? isoTime(now.evidence.observedAt) : undefined,
    latenessMs: grant.latenessMs,
  };
}

export const endJson = (end: End) => ({
  kind: end.kind,
  at: isoTime(end.at),
  ...(end.kind === 'revoked' ? { by: end.by.email, reason: end.reason } : {}),
});

/** What was seen at the target. Once a grant is over, calls about its right are about other grants. */
function evidenceJson({ request: { state }, grant }: RequestDetail) {
  if (state.kind !== 'approved' || grant === undefined) return undefined;
  const now = state.grant.state;
  const isOver = now.kind === 'ended' || now.kind === 'failed';
  const seen = now.kind === 'ended' ? now.evidence : undefined;
  return {
    confirmedAt: isoOf(grant.grantedAt),
    goneAt: isoOf(seen?.observedAt),
    leftInPlace: seen?.leftInPlace,
    sessionsEnded: seen?.sessionsEnded,
    sessionsMayGoOn: seen?.sessionsMayGoOn,
    untouched: seen?.untouched,
    targetSaid: grant.said,
    lastCall: isOver || grant.lastCall === undefined ? undefined : { at: isoTime(grant.lastCall.at), observed: grant.lastCall.observed },
  };
}
