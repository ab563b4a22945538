import type { Instant } from './time.ts';

/**
 * What is done where a target shows something else than we know of, because somebody changed it there. `alert`: it is said.
 * `repair`: what was removed is given again, and what is ours and nobody wants is removed. `adopt`: the target is right; what was
 * removed there has ended.
 */
export const driftResponses = ['alert', 'repair', 'adopt'] as const;
export type DriftResponse = (typeof driftResponses)[number];

/** A right that should be at its target, and was seen removed there by somebody else. */
export type Finding = {
  readonly integration: string;
  readonly accessType: string;
  readonly resource: string;
  readonly account: string;
  readonly foundAt: Instant;
};
/** Something with our mark that no right wants; an account by itself where `resource` is empty. */
export type OrphanFinding = Finding & {
  /** Nobody but us can have given it. */
  readonly isOurs: boolean;
  /** What the last try to remove it came to. */
  readonly problem: string | undefined;
};

/** What is found changed at targets now. `shown` are the first of `count`. */
export type Findings = {
  readonly removed: { readonly count: number; readonly shown: readonly Finding[] };
  readonly orphans: { readonly count: number; readonly shown: readonly OrphanFinding[] };
};

/** The same of one integration, with what is done about it; undefined where it is not configured any more. */
export type DriftReport = Findings & { readonly integration: string; readonly response: DriftResponse | undefined };
