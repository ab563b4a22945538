import type { Org } from '../domain/ids.ts';
import type { Lateness } from '../domain/lateness.ts';
import type { Instant } from '../domain/time.ts';

export type LatenessReport = { readonly since: Instant; readonly until: Instant; readonly integrations: readonly Lateness[] };

export type LatenessReads = {
  /** Of what was seen gone in the last so many days. */
  report(org: Org, days: number): Promise<LatenessReport>;
  /**
   * Of the last 30 days, as it was some minutes ago: for what is drawn again and again. Undefined where nothing is known yet and it takes
   * longer than a second.
   */
  lately(org: Org): Promise<LatenessReport | undefined>;
};
