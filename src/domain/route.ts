/** Policies × request → outcome: `deny` before `persistent` before `auto` before people (decision 10). */
import { type ApprovalPath, type Approvers, type PathOptions, pathOptions } from './approval-path.ts';
import { type DurationSeconds, toSeconds } from './duration.ts';
import type { Policy, PolicyApproval } from './policy.ts';
import { type PatternMatch, matchPolicies } from './policy-match.ts';
import type { Rejection } from './result.ts';
import { type Doubt, type Facts, profileNeed, whatIsUnknown } from './route-facts.ts';
import type { Settings } from './settings.ts';
import { type Truth, bothOf } from './truth.ts';

export type Outcome =
  | { readonly kind: 'deny'; readonly policy: string }
  /** No policy speaks for it: not allowed. */
  | { readonly kind: 'none' }
  | { readonly kind: 'persistent' | 'auto'; readonly policy: string; readonly options: PathOptions }
  /** `paths` is empty where policies match, and yet nobody is left who could say yes; then `deadEnds` names them. */
  | { readonly kind: 'ask'; readonly paths: readonly ApprovalPath[]; readonly deadEnds?: readonly string[] }
  /** Something that would make a difference could not be looked up. */
  | ({ readonly kind: 'unavailable' } & Doubt);

/** What refuses whoever depends on something unknown: to be tried again, or to be configured first. */
export const inDoubt = ({ what, isConfigured }: Doubt): Rejection => ({ code: isConfigured ? 'unavailable' : 'not-configured', what });

/** What messages and the audit log call the rule of an organisation that has stored no policy. */
export const defaultPolicyName = 'Default approvals';
/** How long access lasts that somebody got for being on call. */
export const onCallAccess: DurationSeconds = toSeconds({ time: 1, unit: 'h' });

/** `matched`: does the policy speak about this? `truth`: does it, and does the approval lead anywhere? */
export type Entry = { readonly policy: string; readonly matched: Truth; readonly truth: Truth; readonly approval: PolicyApproval };

/**
 * What becomes of a request. One stored policy, even a disabled one, replaces the default approvals.
 * An unknown fact is let be only where it could not change the outcome: a certain `deny` stands whatever else is unknown.
 */
export function route(
  policies: readonly Policy[],
  settings: Pick<Settings, 'defaultApprovals'>,
  facts: Facts,
  matches: PatternMatch,
): Outcome {
  if (policies.length === 0) return { kind: 'ask', paths: [defaultPath(settings)] };
  const entries = entriesOf(policies, facts, matches);
  if (entries.length === 0) return { kind: 'none' };
  const unavailable = (): Outcome => ({ kind: 'unavailable', ...whatIsUnknown(policies, facts, matches) });
  for (const kind of ['deny', 'persistent', 'auto'] as const) {
    const these = entries.filter(({ approval }) => approval.type === kind);
    const certain = these.filter(({ truth }) => truth === true);
    const [first] = certain;
    if (first !== undefined)
      return kind === 'deny'
        ? { kind, policy: first.policy }
        : { kind, policy: first.policy, options: leastDemanding(certain.map(({ approval }) => pathOptions(approval.options))) };
    if (these.some(({ truth }) => truth === 'unknown')) return unavailable();
  }
  // Then it is not even known whether this is "not allowed" or "nobody can approve".
  const isMatchUnknown = entries.every((entry) => entry.matched === 'unknown');
  if (isMatchUnknown || entries.some(({ truth }) => truth === 'unknown')) return unavailable();
  const paths = entries.flatMap((entry) => pathOf(entry, facts));
  if (paths.length > 0) return { kind: 'ask', paths };
  // One that may not even speak about it is not blamed.
  const certain = entries.filter((entry) => entry.matched === true);
  return { kind: 'ask', paths, deadEnds: [...new Set(certain.map(({ policy }) => policy))] };
}

/** Every approval of the policies that match, or may. */
export function entriesOf(policies: readonly Policy[], facts: Facts, matches: PatternMatch): readonly Entry[] {
  const matched = matchPolicies(policies, facts.requestor.email, facts.requestor.isMember, facts.right, matches);
  return matched.flatMap(({ policy, truth }) =>
    policy.approval.map((approval) => ({ policy: policy.name, matched: truth, truth: bothOf(truth, applies(approval, facts)), approval })),
  );
}

function defaultPath({ defaultApprovals }: Pick<Settings, 'defaultApprovals'>): ApprovalPath {
  return { policy: defaultPolicyName, approvers: { kind: 'reviewers' }, options: pathOptions(defaultApprovals) };
}

/** Does an approval of a matching policy lead anywhere for this requestor? */
function applies(approval: PolicyApproval, { requestor }: Facts): Truth {
  switch (approval.type) {
    case 'auto':
      return requestor.isOnCall(approval.integration, undefined);
    case 'requestor-profile': {
      const { directory, property } = profileNeed(approval);
      const person = requestor.profile(directory, property);
      return person === 'unknown' ? 'unknown' : person !== undefined;
    }
    case 'p0':
    case 'group':
    case 'escalation':
    case 'persistent':
    case 'deny':
      return true;
  }
}

function pathOf({ policy, truth, approval }: Entry, { requestor }: Facts): ApprovalPath[] {
  if (truth !== true) return [];
  const path = (approvers: Approvers): ApprovalPath[] => [{ policy, approvers, options: pathOptions(approval.options) }];
  switch (approval.type) {
    case 'p0':
      return path({ kind: 'reviewers' });
    case 'group':
      return path({ kind: 'group', groups: approval.groups, effect: approval.effect });
    case 'requestor-profile': {
      const { directory, property } = profileNeed(approval);
      const email = requestor.profile(directory, property);
      // One person is never several.
      if ((pathOptions(approval.options).requiredApprovals ?? 1) > 1) return [];
      return email === undefined || email === 'unknown' ? [] : path({ kind: 'person', email });
    }
    case 'escalation':
      return path({ kind: 'on-call', integration: approval.integration, services: approval.services });
    // Settled before anybody is asked.
    case 'auto':
    case 'persistent':
    case 'deny':
      return [];
  }
}

/**
 * A demand counts when every way makes it: any one satisfied way is enough, so a demand that one of them does not make
 * can be met by taking that one.
 */
function leastDemanding(ways: readonly PathOptions[]): PathOptions {
  const all = (option: keyof PathOptions): boolean => ways.length > 0 && ways.every((way) => way[option]);
  return {
    allowOneParty: ways.some((way) => way.allowOneParty),
    requireReason: all('requireReason'),
    requireDuration: all('requireDuration'),
    requirePreapproval: all('requirePreapproval'),
  };
}

export type Requirements = { readonly reason: boolean; readonly duration: boolean; readonly preapproval: boolean };

/** What a request must bring whichever way it goes; see `openPaths` for what single paths demand on top. */
export function requirementsOf(outcome: Outcome): Requirements {
  switch (outcome.kind) {
    case 'deny':
    case 'none':
    case 'unavailable':
      return { reason: false, duration: false, preapproval: false };
    case 'persistent':
    case 'auto':
      return demands(outcome.options);
    case 'ask':
      return demands(leastDemanding(outcome.paths.map((path) => path.options)));
  }
}

const demands = (options: PathOptions): Requirements => ({
  reason: options.requireReason,
  duration: options.requireDuration,
  preapproval: options.requirePreapproval,
});
