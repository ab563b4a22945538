import type { DurationSeconds } from '../domain/duration.ts';
import type { Org, PersonId, RequestId } from '../domain/ids.ts';
import type { PermissionRequest, Review } from '../domain/request.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor, RulesApplied } from './store.ts';

/** `shown` are the oldest of `count`. */
export type Unreviewed = { readonly count: number; readonly shown: readonly PermissionRequest[] };

export type BreakGlassReads = {
  /**
   * What this person took at once and what keeps them from doing it again, because nobody has reviewed it. Not what failed: it gave
   * nothing. It settles something only after {@link Transaction.lockPerson}.
   */
  owed(org: Org, person: PersonId): Promise<RequestId | undefined>;
  /** What nobody has reviewed yet. `besides`: whose own does not count, because they cannot review it. */
  unreviewed(org: Org, wish: { readonly besides: PersonId; readonly limit: number }): Promise<Unreviewed>;
};

export type BreakGlassWrites = Pick<BreakGlassReads, 'owed'> & {
  /** Puts on record that what this request gives was taken at once. Nothing else of its principal may be {@link owed}. */
  use(
    actor: Actor,
    request: PermissionRequest,
    taken: { readonly at: Instant; readonly duration: DurationSeconds; readonly rules: RulesApplied },
  ): Promise<void>;
  review(actor: Actor, request: PermissionRequest, review: Review): Promise<void>;
};
