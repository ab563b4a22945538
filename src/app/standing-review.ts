import type { RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, type Result } from '../domain/result.ts';
import { inRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';

const reviewers = ['owner', 'manager'] as const;

/** What owners and security reviewers look through: standing access that nears its end. Each is ended by `StandingAccessDoors.end`, or kept by `.keep`. */
export type StandingReviewDoors = {
  /** The next to end first; `after`: the last one of the page before. */
  page(caller: Caller, after: RequestId | undefined, limit: number): Promise<Result<readonly PermissionRequest[]>>;
};

export const createStandingReviewDoors = (deps: DecideDeps, door: Doorway): StandingReviewDoors => ({
  page: door({ scope: 'requests:read', attempt: 'standing-access.review' }, (caller, after, limit) =>
    inRole(deps.routing, deps.store, caller, reviewers, async () => accept(await deps.store.standingReview.page(caller.org, after, limit))),
  ),
});
