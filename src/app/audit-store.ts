import type { Org, PersonId, RequestId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';

/** An audit event as it is hashed: exactly these members, absent ones null. `time` is ISO 8601 in UTC with microseconds. */
export type AuditEvent = {
  /** From 1 without gaps, per organisation, in the order of sealing. */
  readonly seq: number;
  readonly id: number;
  readonly org: string;
  readonly time: string;
  readonly action: string;
  readonly actor: unknown;
  readonly request: string | null;
  readonly grant: string | null;
  readonly data: unknown;
};

/** `hash` is in hexadecimal. */
export type SealedEvent = AuditEvent & { readonly hash: string };

/** The newest sealed event. */
export type AuditHead = { readonly org: string; readonly seq: number; readonly hash: string };

export type AuditFilter = {
  /** Exact; with a trailing `*`, what begins so. */
  readonly action: string | undefined;
  readonly actorEmail: string | undefined;
  readonly actorId: PersonId | undefined;
  readonly request: RequestId | undefined;
  readonly since: Instant | undefined;
  readonly until: Instant | undefined;
  /** Only events with a smaller seq. */
  readonly before: number | undefined;
  readonly limit: number;
};

export type AuditStore = {
  /** Sealed events, newest first. */
  page(org: Org, filter: AuditFilter): Promise<readonly SealedEvent[]>;
  /** Seals what waits. Safe where several do it at once. Returns how many events this call sealed. */
  seal(): Promise<number>;
  heads(): Promise<readonly AuditHead[]>;
};
