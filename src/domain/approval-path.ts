import type { Email } from './ids.ts';
import type { ApprovalOptions, Effect, GroupRef } from './policy.ts';
import { type IsMember, inGroups, sameMailbox } from './policy-match.ts';
import type { Truth } from './truth.ts';

/** What a way to approval asks for, every absence read as no. */
export type PathOptions = {
  /** Who asked, or who would gain, may decide. */
  readonly allowOneParty: boolean;
  readonly requireReason: boolean;
  /** The request must name a duration. */
  readonly requireDuration: boolean;
  /** Only inside a pre-approved window. */
  readonly requirePreapproval: boolean;
  /** So many different people must agree; absent: one. */
  readonly requiredApprovals?: number;
  /** Who is asked too where nobody answers: `next-groups.ts`. */
  readonly nextGroups?: { readonly afterMinutes: number; readonly groups: readonly GroupRef[] };
};

export type Approvers =
  | { readonly kind: 'reviewers' }
  | { readonly kind: 'group'; readonly groups: readonly GroupRef[]; readonly effect: Effect }
  | { readonly kind: 'person'; readonly email: Email }
  | { readonly kind: 'on-call'; readonly integration: string; readonly services: readonly string[] };

/** One way to a yes: any one of these people may say it, or as many of them as the options say. */
export type ApprovalPath = { readonly policy: string; readonly approvers: Approvers; readonly options: PathOptions };

export const pathOptions = (options: ApprovalOptions | null | undefined): PathOptions => ({
  allowOneParty: options?.allowOneParty === true,
  requireReason: options?.requireReason === true,
  requireDuration: options?.requireDuration === true,
  requirePreapproval: options?.requirePreapproval === true,
  ...((options?.requiredApprovals ?? 1) > 1 ? { requiredApprovals: options?.requiredApprovals ?? 1 } : {}),
  ...withNextGroups(options?.nextGroups ?? undefined),
});

const withNextGroups = (nextGroups: PathOptions['nextGroups'] | undefined) => (nextGroups === undefined ? {} : { nextGroups });

/** How many different people must agree on this path. */
export const approvalsNeeded = ({ options }: ApprovalPath): number => options.requiredApprovals ?? 1;

/** What of a request its paths look at. */
export type Offered = { readonly hasReason: boolean; readonly hasDuration: boolean; readonly isPreapproved: boolean };

/**
 * The paths whose demands this request meets. Only through these may anybody approve: a reason that one path demands
 * and another does not, must not be skipped by whoever can only use the first. A pre-approval is one person's word, and never
 * stands for several.
 */
export const openPaths = (paths: readonly ApprovalPath[], offered: Offered): ApprovalPath[] =>
  paths.filter(
    ({ options }) =>
      (offered.hasReason || !options.requireReason) &&
      (offered.hasDuration || !options.requireDuration) &&
      (offered.isPreapproved ? (options.requiredApprovals ?? 1) === 1 : !options.requirePreapproval),
  );

/** What must be known about somebody who wants to decide. */
export type ApproverFacts = {
  readonly email: Email;
  readonly isReviewer: Truth;
  readonly isMember: IsMember;
  readonly isOnCall: (integration: string, services: readonly string[] | undefined) => Truth;
};

/** May this person decide by this path? `unknown` must be refused. Whether they decide about themselves is another question. */
export function isApprover({ approvers }: ApprovalPath, person: ApproverFacts): Truth {
  switch (approvers.kind) {
    case 'reviewers':
      return person.isReviewer;
    case 'group':
      return inGroups(approvers.groups, approvers.effect, person.isMember);
    case 'person':
      return sameMailbox(approvers.email, person.email);
    case 'on-call':
      return person.isOnCall(approvers.integration, approvers.services);
  }
}

/** Who may decide by this path, in words. Group labels come from policies: escape them where they are shown. */
export function describeApprovers(path: ApprovalPath): string {
  const needed = approvalsNeeded(path);
  return needed === 1 ? whoApproves(path) : `${needed} different people of: ${whoApproves(path)}`;
}

function whoApproves({ approvers }: ApprovalPath): string {
  switch (approvers.kind) {
    case 'reviewers':
      return 'Security reviewers';
    case 'group': {
      const labels = approvers.groups.map((group) => group.label).join(' or ');
      return approvers.effect === 'keep' ? labels : `Anybody outside ${labels}`;
    }
    case 'person':
      return approvers.email;
    case 'on-call':
      return `On call for ${approvers.services.join(' or ')} (${approvers.integration})`;
  }
}
