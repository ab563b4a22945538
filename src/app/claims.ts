/** What the reconciler takes from the store and gives back to it. */
import type { Org, RightId } from '../domain/ids.ts';
import type { CallResult, RightState, Settled } from '../domain/right.ts';
import type { TargetAnswer } from '../domain/target-answer.ts';
import type { Instant } from '../domain/time.ts';
import type { TargetRight } from './ports.ts';

/** A right somebody must look at, claimed by this worker (R1). */
export type Claim = {
  readonly org: Org;
  readonly rightId: RightId;
  readonly integration: string;
  readonly target: TargetRight;
  readonly fence: string;
  readonly generation: string;
  /** What the rows and the database's clock wanted at the moment of the claim (R7). */
  readonly desired: 'absent' | 'present';
  /** What the target said before our first call; undefined: we have never called. */
  readonly baseline: 'absent' | 'present' | undefined;
  readonly state: RightState;
  /** The latest moment at which any live grant of this right may end; undefined where `desired` is absent. */
  readonly until: Instant | undefined;
};

/** Names of integrations. */
export type ClaimTargets = { readonly known: readonly string[]; readonly open: readonly string[] };

/** What came of a claim, to be written back. */
export type Settlement = {
  readonly claim: Claim;
  readonly settled: Settled;
  readonly result: CallResult;
  readonly sessionsEnded: number;
  /** What the target said, as far as it was read back. Small enough to be kept, and printable. */
  readonly said?: TargetAnswer | undefined;
  /** The target ends no sessions: one that was open may go on. */
  readonly sessionsMayGoOn?: boolean;
};

/** What came of a write-back. */
export type Aftermath = {
  /** The whole seconds within the next hour at which a grant that just became active ends. */
  readonly alarms: readonly number[];
  /** One for each grant whose access was just seen gone from the target. */
  readonly removals: readonly { readonly integration: string; readonly latenessMs: number }[];
};
