/** What owners are told of drift and orphans, and where it was told. See ADR 19. */
import type { DriftReport, Findings } from '../domain/drift.ts';
import type { Email, Org } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';
import type { MessageRef, PostWitness } from './ports.ts';

/** Undefined: the channel of the approvers. */
export type DriftPlace = Email | undefined;

/** What is found at one integration within an hour is told in one message. `token` tells this claim from a later one. */
export type DriftNotice = { readonly id: string; readonly integration: string; readonly token: string; readonly stamp: string };

/** `attempted`: it may have been posted, and nobody has heard so. `shown`: the digest of what it shows. */
export type DriftMessage = { readonly place: DriftPlace } & (
  | { readonly kind: 'posted'; readonly ref: MessageRef; readonly shown: string }
  | { readonly kind: 'attempted'; readonly channel: string; readonly startedAt: Instant }
);

export type DriftNotices = {
  /** At most `limit` of each kind, the latest first: those of one notice, or all of the organisation. */
  findings(org: Org, notice: string | undefined, limit: number): Promise<Findings>;
  /** Tells one state of all findings of the organisation from another. */
  stamp(org: Org): Promise<string>;
  /** Those whose messages do not show what is found now, or are to be told for the first time; for a minute. */
  claim(org: Org): Promise<readonly DriftNotice[]>;
  /** Takes it for a minute more; undefined where somebody else has it now. */
  renew(org: Org, notice: DriftNotice): Promise<DriftNotice | undefined>;
  /** `failed`: it comes again in a minute. One of which nothing is left is forgotten when its hour is over. */
  release(org: Org, notice: DriftNotice, came: 'shown' | 'failed'): Promise<void>;
  messages(org: Org, notice: string): Promise<readonly DriftMessage[]>;
  /** A message is about to be posted in that channel of the workspace. */
  beginMessage(org: Org, notice: string, place: DriftPlace, channel: string): Promise<void>;
  /** It certainly was not. */
  endMessage(org: Org, notice: string, place: DriftPlace): Promise<void>;
  keepMessage(org: Org, notice: string, place: DriftPlace, posted: { readonly ref: MessageRef; readonly shown: string }): Promise<void>;
};

/** As {@link Messenger}, for messages that belong to no request. */
export type DriftMessenger = {
  post(notice: string, place: DriftPlace, report: DriftReport, witness: PostWitness): Promise<MessageRef>;
  find(notice: string, message: Extract<DriftMessage, { kind: 'attempted' }>): Promise<MessageRef | undefined>;
  redraw(ref: MessageRef, report: DriftReport, ready: () => Promise<void>): Promise<void>;
};
