/** How late access was seen gone from one integration's targets, in milliseconds after its end. */
export type Lateness = {
  readonly integration: string;
  /** Grants whose access was taken away; those whose right stays for a reason are not counted. */
  readonly ended: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};
