/** How late access may be, by the product's own figures: sweep, lease, call deadline, back-off. All in milliseconds. */
import { callDeadlineMs, landingMs, leaseMs, longestRetryMs } from '../../src/domain/right.ts';
import { removalSweepMs } from '../../src/heartbeat.ts';

/** I1: after the last thing that was done to Curfew, whatever it was. */
export const epsilonMs = removalSweepMs + leaseMs + callDeadlineMs;

/**
 * After the end, or after the last thing that explains a delay: the next sweep claims it, and one call takes it. Nobody needs to wait
 * for a lease here, because a claim that came to nothing is on record and explains as much by itself.
 */
export const undisturbedMs = removalSweepMs + callDeadlineMs;

/** However often something came between: each may have come just before a sweep, but in all of that time one of them had to do it. */
export const addedUpMs = epsilonMs;

/** Until what is due is claimed: one sweep may meet a connection that has just broken, or die before it asks. */
export const unclaimedMs = 2 * removalSweepMs;

/** What a claim that was never written back costs, from the claim on: its lease, and as long as its call may still land. */
export const abandonedMs = landingMs;

/** The longest pause after a call that failed, until the next may be made. */
export const backOffMs = longestRetryMs.absent;

/** Even where many die at the very step that takes access away, so many claims of one right in a row do not come to nothing by chance. */
const mostInARow = 6;

/** Whatever happened: nothing is there so long after its end. */
export const hardMs = mostInARow * (abandonedMs + removalSweepMs) + undisturbedMs;
