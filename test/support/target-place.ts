import type { Integration, TargetRight } from '../../src/app/ports.ts';

/** A real target that an integration's contract is tried on. */
export type TargetPlace = AsyncDisposable & {
  /** Where the target listens, for a proxy in between. */
  readonly url: string;
  /** What every changing message to the target contains. */
  readonly changes: string;
  /** A new integration, as after a restart; at `url` instead of the target's own. */
  integration(url?: string): Integration;
  /** A name that nobody has. */
  account(): string;
  /** One of two things that can be asked for. */
  right(account: string, which?: 0 | 1): TargetRight;
  /** Does the password open the account, and does the account have what the right gives? */
  uses(right: TargetRight, password: string): Promise<boolean>;
  /** Opens a session that makes use of the right; `cut` resolves when it is ended from the other side. */
  opens(right: TargetRight, password: string): Promise<{ readonly cut: Promise<void> }>;
  /** An account that is not ours, with the right; its password is `their-own-password`. */
  giveBehindOurBack(right: TargetRight): Promise<void>;
  /** Somebody else takes it away, and leaves the account. */
  takeBehindOurBack(right: TargetRight): Promise<void>;
  /** Somebody else works on the account and does not finish. */
  occupy(right: TargetRight): Promise<AsyncDisposable>;
};
