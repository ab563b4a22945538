/** What reading one request in full, and following what happens to all of them, need of the store. */
import type { GrantId, Org, RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Observed } from '../domain/right.ts';
import type { TargetAnswer } from '../domain/target-answer.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './store.ts';

/** An audit event about a request. `time` is ISO 8601 in UTC with microseconds. */
export type RequestEvent = {
  /** Its number in the chain; undefined until it is sealed. */
  readonly seq: number | undefined;
  /** In the chain, in hexadecimal; only where one request is read. */
  readonly hash?: string | undefined;
  readonly time: string;
  readonly action: string;
  readonly actor: Actor;
  readonly request: RequestId;
  readonly grant: GrantId | undefined;
  readonly data: Readonly<Record<string, unknown>>;
};

export type SealedRequestEvent = RequestEvent & { readonly seq: number };

/** What is on record of a grant beside its state. */
export type GrantRecord = {
  /** What the principal is called at the target. */
  readonly account: string;
  /** It ends then at the latest, whatever happens. */
  readonly latestEnd: Instant;
  /** When the target confirmed it; kept after the end. */
  readonly grantedAt: Instant | undefined;
  readonly expiresAt: Instant | undefined;
  /** From the end it should have to the moment it was seen to be gone. */
  readonly latenessMs: number | undefined;
  /** What the last call to the target saw, and when that call began; undefined before the first. Grants of one right share it. */
  readonly lastCall: { readonly at: Instant; readonly observed: Observed } | undefined;
  /** What the target said when it was confirmed, and when it was seen to be gone; for those who read the audit log. */
  readonly said: { readonly given: TargetAnswer | undefined; readonly gone: TargetAnswer | undefined } | undefined;
};

/** All as of one moment, which is `now`. */
export type RequestHistory = {
  readonly request: PermissionRequest;
  readonly now: Instant;
  readonly grant: GrantRecord | undefined;
  /** Oldest first. Of refused attempts only the newest hundred. */
  readonly events: readonly RequestEvent[];
};

/** What is on record beside a request. */
export type Circumstances = {
  /** The principal has the right at this moment, by another grant. */
  readonly isPreexisting: boolean;
  /** A pre-approval decided it. */
  readonly isPreapproved: boolean;
};

/** A stretch of the chain: its events about requests, and the number of its last event of any kind. */
export type SealedStretch = { readonly events: readonly SealedRequestEvent[]; readonly upTo: number };

export type RequestHistoryReads = {
  one(org: Org, id: RequestId): Promise<RequestHistory | undefined>;
  circumstances(org: Org, id: RequestId): Promise<Circumstances>;
  /** The number of the newest sealed event; 0 before the first. */
  head(org: Org): Promise<number>;
  /** The next `limit` sealed events of any kind after `seq`; empty, up to `seq`, where there are none. */
  after(org: Org, seq: number, limit: number): Promise<SealedStretch>;
};
