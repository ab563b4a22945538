/** What the access policies need of the store. Each change is a new version of the whole document. */
import type { Org } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './store.ts';

/** `version` is a whole number in decimal; "0" before the first change, which has no time. */
export type PolicyDocument = {
  readonly version: string;
  readonly changedAt: Instant | undefined;
  readonly rules: readonly Policy[];
};

/** Undefined as `policy`: it is deleted. */
export type PolicyChange = { readonly name: string; readonly policy: Policy | undefined };

/** `version` is the document's when this policy last changed. */
export type VersionedPolicy = { readonly policy: Policy; readonly version: string };

export type PolicyReads = {
  one(org: Org, name: string): Promise<VersionedPolicy | undefined>;
  count(org: Org): Promise<number>;
  /** Everything as of one moment, in the order of evaluation. */
  document(org: Org): Promise<PolicyDocument>;
};

export type PolicyWrites = PolicyReads & {
  /** Serialises everything that changes policies of this organisation. */
  lock(org: Org): Promise<void>;
  /**
   * Makes one new version with all changes, under {@link PolicyWrites.lock}. A policy that exists keeps its place,
   * unless `reorder` puts those that are written at the end in the given order.
   */
  change(actor: Actor, org: Org, changes: readonly PolicyChange[], reorder: boolean): Promise<void>;
};
