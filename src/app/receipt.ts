import type { Instant } from '../domain/time.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { GrantRecord, RequestEvent } from './request-history-store.ts';
import type { RequestDetail } from './request-history.ts';

/** What proves that access is gone, for a request whose access was seen to be. */
export type Receipt = {
  readonly request: PermissionRequest;
  /** As of when it was made out. */
  readonly now: Instant;
  readonly grant: GrantRecord;
  /** Oldest first, without refused attempts: they prove nothing about the access. */
  readonly events: readonly RequestEvent[];
};

/** No receipt before the target was seen without the right, or with it for a reason that is named (I18). */
export function receiptOf({ request, now, grant, events }: RequestDetail): Result<Receipt> {
  const { state } = request;
  if (state.kind !== 'approved' || state.grant.state.kind !== 'ended' || grant === undefined)
    return reject({ code: 'no-receipt', status: wireStatus(state) });
  return accept({ request, now, grant, events: events.filter(({ action }) => action !== 'refused') });
}
