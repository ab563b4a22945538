import type { DurationSeconds } from './duration.ts';
import type { GrantId, RightId } from './ids.ts';
import type { Person } from './person.ts';
import type { Instant } from './time.ts';

/** Why a grant stops: its time ended, the principal gave it back, somebody took it, or somebody had removed it at the target already. */
export type End =
  | { readonly kind: 'expired'; readonly at: Instant }
  | { readonly kind: 'relinquished'; readonly at: Instant }
  | { readonly kind: 'removed'; readonly at: Instant }
  | { readonly kind: 'revoked'; readonly at: Instant; readonly by: Person; readonly reason: string | undefined };

/** What the target was seen to say, with when: the proof behind every "active" and "ended" (I18). */
export type Evidence = {
  readonly observedAt: Instant;
  /** True where the principal had the right before our first grant, or still has it by another grant. */
  readonly leftInPlace: 'pre-existing' | 'another-grant' | undefined;
  readonly sessionsEnded: number;
  /** The target ends no sessions: one that was open at the end may go on until it closes by itself. */
  readonly sessionsMayGoOn?: true;
  /** The target was not called for the end: nothing of it was there, as it was not given yet or had been taken away before. */
  readonly untouched?: true;
};

/**
 * Access that exists, or may exist, in a target.
 *
 * planned → active → ending → ended; planned → failed; planned → ending → ended where it is taken back before the
 * target confirmed it. A planned grant counts as existing: it has its latest end before the target is touched.
 */
export type GrantState =
  | { readonly kind: 'planned'; readonly latestEnd: Instant; readonly provisionUntil: Instant }
  | { readonly kind: 'active'; readonly grantedAt: Instant; readonly expiresAt: Instant }
  | { readonly kind: 'ending'; readonly end: End }
  | { readonly kind: 'ended'; readonly end: End; readonly evidence: Evidence }
  | { readonly kind: 'failed'; readonly at: Instant; readonly why: string };

/**
 * Hours of a week in which the right is there, while the grant lasts. `opensAt` and `closesAt` are of those that are open, or
 * else of the next ones. `open`: it was seen at the target. `closing`: they have closed, and it was not yet seen to be gone.
 */
export type GrantHours = {
  readonly text: string;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  readonly state: 'open' | 'closing' | 'closed';
  /** When they closed last; undefined: not yet. */
  readonly closedAt?: Instant | undefined;
};

export type Grant = {
  readonly id: GrantId;
  readonly rightId: RightId;
  /** What the principal is called at the target. */
  readonly account: string;
  /** How long the access lasts once the target has confirmed it. */
  readonly duration: DurationSeconds;
  /** An outcome of a `persistent` policy: `duration` is the time until it must be approved again. */
  readonly standing: boolean;
  /** Undefined: it is there as long as the grant lasts. */
  readonly hours?: GrantHours | undefined;
  readonly state: GrantState;
};
