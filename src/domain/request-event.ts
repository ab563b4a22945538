import type { WireStatus } from './request.ts';

/**
 * How a request reads right after this event (decision 9); undefined for an event that says nothing about it.
 * @param end  why the grant ended, of `grant.ended`
 */
export function statusAfter(action: string, end: unknown): WireStatus | undefined {
  switch (action) {
    case 'request.submitted':
    case 'request.escalated':
    case 'request.widened':
    case 'request.endorsed':
    case 'request.nudged':
    case 'request.narrowed':
    case 'request.questioned':
    case 'request.answered':
      return 'NEW';
    case 'request.approved':
    case 'breakglass.used':
      return 'APPROVED';
    case 'request.denied':
    case 'request.cancelled':
      return 'DENIED';
    case 'request.lapsed':
      return 'EXPIRED';
    // What is being taken away is still there: "gone" is said only after it was observed (I18).
    case 'grant.activated':
    case 'grant.opened':
    case 'grant.closed':
    case 'grant.extended':
    case 'grant.revoked':
    case 'grant.relinquished':
    case 'grant.removed':
    case 'right.drifted':
    case 'right.restored':
      return 'DONE';
    case 'grant.failed':
      return 'ERRORED';
    case 'grant.ended':
      return end === 'expired' ? 'EXPIRED' : 'REVOKED';
    default:
      return undefined;
  }
}
