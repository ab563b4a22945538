import type { Org } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';

/** How late access was seen gone from one integration's targets, in milliseconds after its end. */
export type Lateness = {
  readonly integration: string;
  /** Grants whose access was taken away; those whose right stays for a reason are not counted. */
  readonly ended: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

export type LatenessReport = { readonly since: Instant; readonly until: Instant; readonly integrations: readonly Lateness[] };

export type LatenessReads = {
  /** Of what was seen gone in the last so many days. */
  report(org: Org, days: number): Promise<LatenessReport>;
  /** Of the last 30 days, as it was within the last five minutes: for what is drawn again and again. */
  lately(org: Org): Promise<LatenessReport>;
};
