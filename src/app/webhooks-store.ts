/** What outgoing webhooks need of the outside: the store, and the wire. */
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';
import type { Result } from '../domain/result.ts';
import type { Instant } from '../domain/time.ts';
import type { SealedEvent } from './audit-store.ts';
import type { Actor } from './store.ts';

/** `owner`: by hand; `failing`: no success for days; `gone`: the receiver answered 410. */
export type DisabledWhy = 'owner' | 'failing' | 'gone';

/** An endpoint that follows the organisation's audit chain. */
export type Webhook = {
  /** A UUID, which is no secret. */
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
  readonly createdAt: Instant;
  readonly createdBy: Email;
  /** The `seq` of the last event that it is done with; 0 for none. */
  readonly position: number;
  /** How many sealed events come after that, whether it wants them or not. */
  readonly behind: number;
  /** Failures since the last success. */
  readonly failures: number;
  readonly failingSince: Instant | undefined;
  /** Undefined where it is not failing, or disabled. */
  readonly nextTryAt: Instant | undefined;
  readonly lastCall: { readonly at: Instant; readonly seq: number; readonly outcome: WebhookOutcome } | undefined;
  readonly disabled: { readonly at: Instant; readonly why: DisabledWhy } | undefined;
  /** Until then the former secret signs as well. */
  readonly formerSecretUntil: Instant | undefined;
};

/** `why` is a phrase or an error code, and holds nothing of what the receiver said. */
export type WebhookOutcome = { readonly kind: 'answered'; readonly status: number } | { readonly kind: 'failed'; readonly why: string };

export type WebhookReads = {
  /** Newest first. */
  list(org: Org): Promise<readonly Webhook[]>;
  read(org: Org, id: string): Promise<Webhook | undefined>;
};

export type WebhookChange = {
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
  readonly enabled: boolean;
};

/** Each change writes its event with it. Those that take an endpoint elsewhere void the claim of a call under way. */
export type WebhookWrites = {
  /** Waits for whoever changes it. */
  lock(org: Org, id: string): Promise<Webhook | undefined>;
  /** Follows the chain from its head. Undefined where the organisation has as many as it can. */
  add(
    actor: Actor,
    draft: {
      readonly org: Org;
      readonly url: string;
      readonly events: readonly string[];
      readonly description: string;
      readonly createdBy: Person;
      readonly seal: (id: string) => string;
    },
  ): Promise<Webhook | undefined>;
  change(actor: Actor, org: Org, before: Webhook, after: WebhookChange): Promise<void>;
  /** The secret so far becomes the former one; what was the former one before is gone. */
  rotate(actor: Actor, org: Org, id: string, sealed: string): Promise<void>;
  /** `next` is the `seq` of the event to go on with. */
  move(actor: Actor, org: Org, before: Webhook, next: number): Promise<void>;
  /** The first event that happened at that time or later; one past the last where there is none. */
  seqAt(org: Org, time: Instant): Promise<number>;
  /** One past the newest sealed event. */
  end(org: Org): Promise<number>;
  remove(actor: Actor, org: Org, id: string): Promise<boolean>;
};

/** An endpoint with its next event, for one call. */
export type WebhookClaim = {
  readonly org: Org;
  readonly id: string;
  /** Tells this claim from a later one. */
  readonly lease: string;
  readonly url: string;
  /** Sealed; the current one first. */
  readonly secrets: readonly string[];
  readonly event: SealedEvent;
  readonly failures: number;
  /** When it was claimed. */
  readonly at: Instant;
};

export type WebhookQueue = {
  /**
   * Whoever is behind and due, the longest waiting first. Undefined where nobody is; `passed by` where one was set further
   * along a stretch that it wants nothing of, in one step of many.
   */
  claim(): Promise<WebhookClaim | 'passed by' | undefined>;
  /** On to the next event. */
  pass(claim: WebhookClaim, outcome: WebhookOutcome): Promise<void>;
  /** Comes again after `pause`, give or take a fifth. Disabled instead where it is gone, or has failed for `longest`. */
  postpone(
    claim: WebhookClaim,
    outcome: WebhookOutcome,
    rule: { readonly pause: DurationSeconds; readonly longest: DurationSeconds; readonly gone: boolean },
  ): Promise<DisabledWhy | undefined>;
  /** Not called, or it is not known what came of it, and that is nobody's fault: comes again at once. */
  release(claim: WebhookClaim): Promise<void>;
};

/** HTTP to strangers. */
export type WebhookWire = {
  /** `whsec_` and 256 random bits in base64. */
  newSecret(): string;
  /** The address in its one spelling, where it may be called as far as can be told without looking it up. */
  readUrl(given: string): Result<string>;
  /** Posts once, signed with each secret. Never throws for what the receiver does. */
  post(
    call: {
      readonly url: string;
      readonly secrets: readonly string[];
      /** The same at every try. */
      readonly messageId: string;
      readonly at: Instant;
      readonly body: string;
    },
    stopping: AbortSignal,
  ): Promise<WebhookOutcome | 'stopped'>;
};
