import type { Duration } from './duration.ts';

/** A preset that approvers choose from; `value` is its label, which the key in DELETE names (`contract.md` §5.1). */
export type ExpiryOption = Duration & { readonly value: string };

export type Settings = {
  readonly expiryOptions: readonly ExpiryOption[];
  readonly maxAccess: Duration;
  readonly standingAccess: Duration;
  readonly approvable: Duration;
  readonly defaultApprovals: { readonly allowOneParty: boolean; readonly requireReason: boolean };
};
