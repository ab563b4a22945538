/** What is kept of calls that carry an `Idempotency-Key`, so that a repeat has no second effect (I14). See ADR 5. */
import type { Org } from '../domain/ids.ts';

/** An answer as it went out, to be sent again byte for byte. Header names are lower case. */
export type KeptAnswer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array };

/** A call that is this process' to carry out. Exactly one of its last three methods is called, at its end. */
export type ClaimedCall = {
  /**
   * Runs `work`, and what it sets going, as part of this call: a store transaction in it is marked on the claim as it
   * commits, and cannot commit once the claim was taken over.
   */
  within(work: () => void): void;
  /** Keeps the answer for repeats. */
  keep(answer: KeptAnswer): Promise<void>;
  /** It was carried out, and what it answered must not be shown again. */
  withhold(): Promise<void>;
  /** Frees the key, as though the call had never come; where it changed something already, as {@link withhold}. */
  release(): Promise<void>;
};

export type CallClaim =
  | { readonly kind: 'mine'; readonly call: ClaimedCall }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  /** It is being carried out at this moment. */
  | { readonly kind: 'running' }
  /** It was carried out; its answer was lost, or is not shown twice. */
  | { readonly kind: 'withheld' }
  /** The key was used for another request. */
  | { readonly kind: 'other-request' };

export type IdempotencyStore = {
  /**
   * Claims the call, or tells what is known of an earlier one. `slot` is a digest of who calls, where, and with which key;
   * `request` one of what is asked for. A key is forgotten after 24 hours. A claim that nobody finished within a minute,
   * and that has changed nothing, goes to the next who asks.
   */
  claim(org: Org, slot: Uint8Array, request: Uint8Array): Promise<CallClaim>;
  /** Deletes up to `limit` keys older than 24 hours. Returns how many. */
  forget(limit: number): Promise<number>;
};
