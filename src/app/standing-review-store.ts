import type { Org, RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';

/**
 * Standing access that is there and nears its end: within seven days of it, or within a tenth of its length where that is
 * less. What was kept for another term does not count.
 */
export type StandingReviewReads = {
  count(org: Org): Promise<number>;
  /** Whose end is next stands first. `after`: the last one of the page before; one that is not found begins anew. */
  page(org: Org, after: RequestId | undefined, limit: number): Promise<readonly PermissionRequest[]>;
};
