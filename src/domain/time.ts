import type { DurationSeconds } from './duration.ts';

declare const mark: unique symbol;
/** A point in time in milliseconds since 1970, read from Postgres' clock and from no other (I15). */
export type Instant = number & { readonly [mark]: true };

export const instant = (ms: number): Instant => ms as Instant;
export const after = (at: Instant, duration: DurationSeconds): Instant => instant(at + duration * 1000);
/** Whole seconds since 1970, as Slack's date markup wants them. */
export const epochSeconds = (at: Instant): number => Math.floor(at / 1000);

const lastWritable = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** RFC 3339, in UTC. That ends with the year 9999: what lies beyond, as a standing term may, reads as its last moment. */
export const isoTime = (at: Instant): string => new Date(Math.min(at, lastWritable)).toISOString();
