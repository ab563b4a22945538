/** What the history of the access policies needs of the store. Versions and positions are whole numbers in decimal. */
import type { Org } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import type { PolicyDocument, VersionedPolicy } from './policies-store.ts';
import type { Actor } from './store.ts';

/** Where an event stands: no two of an organisation have the same place. */
export type PolicyEventPlace = { readonly version: string; readonly position: string };

/** One policy in one change of the document. `before` is undefined where there was none, `after` where there is none any more. */
export type PolicyEvent = PolicyEventPlace & {
  readonly name: string;
  readonly at: Instant;
  readonly by: Actor;
  /** `moved`: only its place in the document is another one. */
  readonly change: 'created' | 'updated' | 'deleted' | 'moved';
  readonly before: Policy | undefined;
  readonly after: Policy | undefined;
};

/** A policy with its last change. */
export type ListedPolicy = VersionedPolicy & { readonly position: string; readonly changedAt: Instant; readonly by: Actor };

export type PolicyHistoryReads = {
  /** Newest first; of one policy, if `name` is given; only those before the place, if `before` is. */
  events(
    org: Org,
    wish: { readonly name: string | undefined; readonly before: PolicyEventPlace | undefined; readonly limit: number },
  ): Promise<readonly PolicyEvent[]>;
  /** The document as that version had it; undefined for a version that there has not been. */
  documentAt(org: Org, version: string): Promise<PolicyDocument | undefined>;
  /** In the order of the document; only those after the position, if `after` is given. */
  list(org: Org, wish: { readonly after: string | undefined; readonly limit: number }): Promise<readonly ListedPolicy[]>;
};
