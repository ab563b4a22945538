/**
 * One right at one target, as the reconciler sees it: rules R1–R9 of the life-cycle engine as pure functions.
 * The SQL of `store/rights.ts` takes claims by the same rules; these decide everything else.
 */
import { type Instant, instant } from './time.ts';

export type Observed = 'unknown' | 'absent' | 'present';

/** How long one call to a target may take; the target must be told, so that it cannot land later (R8). */
export const callDeadlineMs = 10_000;
/** How long a claim lasts; it leaves room for the call, and nothing else may start a call meanwhile (R2). */
export const leaseMs = 15_000;
/**
 * After a claim, when a call made under it can no longer take effect (R3). A call starts late enough to end with the
 * lease at the latest, see {@link maySend}, not with the claim.
 */
export const landingMs = leaseMs + 1_000;
const firstRetryMs = 500;
/** Never more than this between two tries to give, and to take: a target that comes back must not keep access for long (I1, I10). */
export const longestRetryMs = { present: 60_000, absent: 15_000 } as const;
/** The part of a pause that jitter may take off it. */
const mostSooner = 0.25;

/** What one call to a target came to. */
export type CallResult =
  /** The target answered, and a read after the call saw this. */
  | { readonly kind: 'observed'; readonly observed: 'absent' | 'present' }
  /** The target said no; nothing was changed. */
  | { readonly kind: 'refused'; readonly permanent: boolean; readonly why: string }
  /** No answer, or one that cannot be believed: the call may still take effect. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The call was never sent. */
  | { readonly kind: 'unsent'; readonly why: string };

export type RightState = {
  readonly observed: Observed;
  readonly callStarted: Instant;
  readonly quarantineUntil: Instant | undefined;
  /** Calls in a row that did not bring the right to where it should be. */
  readonly attempts: number;
};

export type Settled = {
  readonly observed: Observed;
  readonly quarantineUntil: Instant | undefined;
  readonly attempts: number;
  /** When to look again although nothing else changes; undefined: the right is where it should be. */
  readonly retryAt: Instant | undefined;
};

/**
 * May a claimed call still be sent? Both figures are of this process' monotonic clock: a process that was
 * stopped for a while must abandon its claim, because another may have taken it (R2).
 */
export const maySend = (elapsedSinceClaimMs: number): boolean => elapsedSinceClaimMs + callDeadlineMs <= leaseMs;

/**
 * The state after a claimed call, R3–R5. `now` is the database's clock when the result is written; nothing hangs on it where all is as desired.
 * @param jitter  from 0 to 1, how much sooner the next try comes, so that targets that failed together are not called together
 *   again. One for all rights of a call: they stay a batch.
 */
export function settle(before: RightState, desired: 'absent' | 'present', result: CallResult, now: Instant, jitter = 0): Settled {
  const again = (attempts: number): Instant => retryAt(desired, attempts, now, jitter);
  const inQuarantine = before.quarantineUntil !== undefined && before.callStarted < before.quarantineUntil;
  switch (result.kind) {
    case 'observed': {
      // R4: only a call that started after the quarantine ended can be believed.
      if (inQuarantine)
        return { observed: 'unknown', quarantineUntil: before.quarantineUntil, attempts: before.attempts, retryAt: before.quarantineUntil };
      const done = result.observed === desired;
      const attempts = done ? 0 : before.attempts + 1;
      return {
        observed: result.observed,
        quarantineUntil: undefined,
        attempts,
        retryAt: done ? undefined : again(attempts),
      };
    }
    case 'refused':
    case 'unsent': {
      const attempts = before.attempts + 1;
      return {
        observed: 'unknown',
        quarantineUntil: inQuarantine ? before.quarantineUntil : undefined,
        attempts,
        retryAt: again(attempts),
      };
    }
    case 'lost': {
      const lands = instant(before.callStarted + landingMs);
      const until = before.quarantineUntil !== undefined && before.quarantineUntil > lands ? before.quarantineUntil : lands;
      const attempts = before.attempts + 1;
      return { observed: 'unknown', quarantineUntil: until, attempts, retryAt: again(attempts) };
    }
  }
}

function retryAt(desired: 'absent' | 'present', attempts: number, now: Instant, jitter: number): Instant {
  const pause = Math.min(longestRetryMs[desired], firstRetryMs * 2 ** Math.min(attempts - 1, 20));
  return instant(now + Math.round(pause * (1 - jitter * mostSooner)));
}
