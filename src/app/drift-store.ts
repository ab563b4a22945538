/** What is remembered of looking at targets unasked: how far each round has come, and what was found there. See ADR 19. */
import type { DriftResponse } from '../domain/drift.ts';
import type { Org, RightId } from '../domain/ids.ts';
import type { CallResult, Observed } from '../domain/right.ts';
import type { Tagged, TargetRight } from './ports.ts';

/** One walk over what an integration holds: its rights that should be there, or all that carries our mark. */
export type RoundOf = { readonly org: Org; readonly integration: string; readonly kind: 'rights' | 'tagged' };

/** A right that was seen at the target, that should be there, and that nobody acts on. */
export type WatchedRight = {
  readonly id: RightId;
  readonly target: TargetRight;
  /** Both as they were when it was read: where one has moved, somebody has acted on the right since. */
  readonly fence: string;
  readonly generation: string;
};

/** Something with our mark that no right wants. `stamp` moves with every act on a right of its account. */
export type Unwanted = { readonly tagged: Tagged; readonly stamp: string };

/** A right that somebody has removed at the target. */
export type Drifted = { readonly id: RightId; readonly target: TargetRight };

export type DriftStore = {
  /**
   * The turn at a round that is due, for `leaseSeconds`: where to go on after. Undefined: it is not time, or somebody else has it.
   */
  beginRound(round: RoundOf, leaseSeconds: number): Promise<{ readonly after: RightId | undefined } | undefined>;
  /** Ends the turn; the round goes on after that right, or from the start, when so many seconds have passed. */
  endRound(round: RoundOf, next: { readonly after: RightId | undefined; readonly inSeconds: number }): Promise<void>;

  /** Some of the rights to look at, in order. `next`: where to go on; undefined where that were all. */
  watchedRights(
    org: Org,
    integration: string,
    after: RightId | undefined,
  ): Promise<{ readonly rights: readonly WatchedRight[]; readonly next: RightId | undefined }>;
  /**
   * Writes down what was seen: each drift once, with what is done about it. A right that somebody has acted on since it was read
   * is left alone. Returns what has newly drifted.
   */
  recordSeen(
    org: Org,
    integration: string,
    seen: readonly { readonly right: WatchedRight; readonly observed: Observed }[],
    response: DriftResponse,
  ): Promise<readonly Drifted[]>;

  /**
   * Forgets what was found where nobody has looked for an hour after it was time: of integrations that are in no configuration any
   * more. One event for each, with how much it was. Returns their names.
   */
  forgetUnwatched(org: Org, watched: readonly string[]): Promise<readonly string[]>;

  /** Those of what carries our mark that no right wants or is being removed for. Asked after they were listed. */
  unwanted(org: Org, integration: string, listed: readonly Tagged[]): Promise<readonly Unwanted[]>;
  /**
   * Makes these the orphans of the integration: the new ones are put on record, those that are gone are forgotten. One whose
   * account somebody has acted on since is left as it was. Returns the new ones.
   */
  recordOrphans(org: Org, integration: string, found: readonly Unwanted[], response: DriftResponse): Promise<readonly Unwanted[]>;
  /** What came of removing orphans. A right that has come to be wanted meanwhile is looked at again. */
  recordRemovals(
    org: Org,
    integration: string,
    removals: readonly {
      readonly orphan: Unwanted;
      readonly result: CallResult;
      readonly sessionsEnded: number;
      readonly accountGone: boolean;
    }[],
  ): Promise<void>;
};
