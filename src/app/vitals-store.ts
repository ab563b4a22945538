import type { Instant } from '../domain/time.ts';
import type { Newer } from './newer-store.ts';

/** How the engine stands at one moment, read from rows; ages in seconds, 0 where there is nothing of the kind. */
export type Vitals = {
  readonly now: Instant;
  /** By integration: grants whose end has passed and whose access was not seen gone, and the age of the oldest such end. */
  readonly overdue: ReadonlyMap<string, { readonly grants: number; readonly oldestSeconds: number }>;
  /** By integration: grants that should be there by now and were not given, and the age of the oldest of these approvals, or since its hours opened. */
  readonly notGiven: ReadonlyMap<string, { readonly grants: number; readonly oldestSeconds: number }>;
  /** By integration: rights of which it is not known whether they are there. */
  readonly ambiguous: ReadonlyMap<string, number>;
  /** By integration: rights that should be there and were seen removed, and what carries our mark and nobody wants. */
  readonly drifted: ReadonlyMap<string, number>;
  readonly orphans: ReadonlyMap<string, number>;
  /** How long the right that is due longest has been due, in the lane that gives and in the one that takes. */
  readonly oldestDueSeconds: { readonly give: number; readonly take: number };
  readonly outbox: { readonly unsent: number; readonly oldestSeconds: number };
  readonly audit: {
    readonly unsealed: number;
    readonly oldestUnsealedSeconds: number;
    /** When the whole chain was last walked to its end; undefined where it never was. */
    readonly verifiedAt: Instant | undefined;
    /** Did it hold then? */
    readonly intact: boolean;
  };
  readonly pendingRequests: number;
  readonly panics: {
    /** Of which not everything was seen gone yet. */
    readonly running: number;
    /** How many grants they wait for. */
    readonly left: number;
    /** Of the one that has waited longest: since something of it was marked or seen gone last. */
    readonly stalledSeconds: number;
    /** Those that hold their selection back. */
    readonly holding: number;
  };
  readonly newer: Newer;
};

/** What is due to be taken away and that no worker has come to yet: how much, counted to a thousand and one, and since when. */
export type Backlog = { readonly rights: number; readonly oldestSeconds: number };

/** What a worker needs to verify the audit log from time to time, one worker at a time. */
export type AuditChecks = {
  /** The turn to walk the chain, if it is time and nobody else has it. It must be renewed within `leaseSeconds`. */
  claim(everySeconds: number, leaseSeconds: number): Promise<boolean>;
  renew(leaseSeconds: number): Promise<void>;
  /** @param flaw  what does not fit; undefined where all of it does */
  finish(flaw: string | undefined): Promise<void>;
};
