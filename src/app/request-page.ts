import type { Email, PersonId, RequestId } from '../domain/ids.ts';
import type { WireStatus } from '../domain/request.ts';
import type { Instant } from '../domain/time.ts';

/** A part of all requests, newest first. `of` undefined: everybody's; what is undefined does not filter. */
export type RequestPageWish = {
  /** Asked by or for this person. */
  readonly of: PersonId | undefined;
  /** Those of others too, while they are undecided, or owe a review. */
  readonly orPending: boolean;
  readonly status: WireStatus | undefined;
  readonly principal: Email | undefined;
  readonly requestor: Email | undefined;
  readonly service: string | undefined;
  readonly since: Instant | undefined;
  /** Only what was taken at once; `unreviewed`: and owes its review. */
  readonly breakGlass?: 'used' | 'unreviewed' | undefined;
  readonly before: RequestId | undefined;
  readonly limit: number;
};
