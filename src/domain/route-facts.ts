/** What routing must know, and which look-ups that takes: `app` makes them before it calls the pure functions. */
import type { ApprovalPath } from './approval-path.ts';
import type { Email } from './ids.ts';
import type { GroupRef, Policy, PolicyApproval } from './policy.ts';
import { type IsMember, type PatternMatch, type RightFacts, matchPolicies, requestorGroups } from './policy-match.ts';
import type { Truth } from './truth.ts';

/**
 * About whoever would get the access; with `grant --to` that is not who asks.
 * What could not be looked up is `unknown`, never false.
 */
export type RequestorFacts = {
  readonly email: Email;
  readonly isMember: IsMember;
  /** `services` undefined: on call for anything. */
  readonly isOnCall: (integration: string, services: readonly string[] | undefined) => Truth;
  /** The person that this property of the requestor's profile names; undefined where it names nobody. */
  readonly profile: (directory: string, property: string) => Email | undefined | 'unknown';
  /**
   * What the configuration lacks, in words, where that is why a group or the profiles of a directory are unknown; undefined
   * where they may be known in a moment.
   */
  readonly lacks: (need: { readonly directory: string; readonly group: string | undefined }) => string | undefined;
};
export type Facts = { readonly requestor: RequestorFacts; readonly right: RightFacts };

export type OnCallNeed = { readonly integration: string; readonly services: readonly string[] | undefined };
export type ProfileNeed = { readonly directory: string; readonly property: string };
/** Look-ups to make about one person, each once. */
export type Needs = {
  readonly groups: readonly GroupRef[];
  readonly onCalls: readonly OnCallNeed[];
  readonly profiles: readonly ProfileNeed[];
};

export const profileNeed = (approval: PolicyApproval & { readonly type: 'requestor-profile' }): ProfileNeed => ({
  directory: approval.directory,
  property: approval.profileProperty ?? 'manager',
});

/** What to look up about the requestor before `route`: all that the policies ask which could match this right. */
export function neededFacts(policies: readonly Policy[], email: Email, right: RightFacts, matches: PatternMatch): Needs {
  const possible = matchPolicies(policies, email, () => 'unknown', right, matches).map(({ policy }) => policy);
  const approvals = possible.flatMap((policy) => policy.approval);
  return {
    groups: distinct(
      possible.flatMap((policy) => requestorGroups(policy.requestor)?.groups ?? []),
      groupKey,
    ),
    onCalls: distinct(
      approvals.flatMap((approval) => (approval.type === 'auto' ? [{ integration: approval.integration, services: undefined }] : [])),
      (need) => need.integration,
    ),
    profiles: distinct(
      approvals.flatMap((approval) => (approval.type === 'requestor-profile' ? [profileNeed(approval)] : [])),
      (need) => JSON.stringify([need.directory, need.property]),
    ),
  };
}

/** What to look up about somebody who wants to decide, before `isApprover`. */
export function approverNeeds(paths: readonly ApprovalPath[]): Needs {
  const approvers = paths.map((path) => path.approvers);
  return {
    groups: distinct(
      approvers.flatMap((each) => (each.kind === 'group' ? each.groups : [])),
      groupKey,
    ),
    onCalls: distinct(
      approvers.flatMap((each) => (each.kind === 'on-call' ? [{ integration: each.integration, services: each.services }] : [])),
      (need) => JSON.stringify([need.integration, need.services]),
    ),
    profiles: [],
  };
}

const groupKey = (group: GroupRef): string => JSON.stringify([group.directory, group.id]);

const distinct = <T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
];

/** A source that gave no answer. Where it is not configured, waiting for it is of no use. */
export type Doubt = { readonly what: string; readonly isConfigured: boolean };

/** Whose doubt somebody is told of: one that may be gone in a moment comes first, so that they try again while that helps. */
export const firstDoubt = (doubts: readonly Doubt[]): Doubt =>
  doubts.find(({ isConfigured }) => isConfigured) ?? doubts[0] ?? { what: 'directory', isConfigured: true };

/** What of these needs could not be looked up, and why. */
export function doubtsOf({ groups, onCalls, profiles }: Needs, facts: Omit<RequestorFacts, 'email'>): readonly Doubt[] {
  const doubt = (directory: string, group: string | undefined): Doubt => {
    const what = facts.lacks({ directory, group });
    return what === undefined ? { what: `directory ${directory}`, isConfigured: true } : { what, isConfigured: false };
  };
  return [
    ...groups.filter((each) => facts.isMember(each) === 'unknown').map(({ directory, id }) => doubt(directory, id)),
    ...profiles
      .filter((each) => facts.profile(each.directory, each.property) === 'unknown')
      .map(({ directory }) => doubt(directory, undefined)),
    ...onCalls
      .filter((each) => facts.isOnCall(each.integration, each.services) === 'unknown')
      .map(({ integration }) => ({ what: `on-call service ${integration}`, isConfigured: true })),
  ];
}

/** Names a source that did not answer, for the person who has to wait for it, or to have it configured. */
export const whatIsUnknown = (policies: readonly Policy[], { requestor, right }: Facts, matches: PatternMatch): Doubt =>
  firstDoubt(doubtsOf(neededFacts(policies, requestor.email, right, matches), requestor));
