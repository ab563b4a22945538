/** An access policy exactly as the wire has it (`contract.md` §6.3): nulls and absences are kept apart for the echo. */
type Maybe<T> = T | null | undefined;
export type GroupRef = { readonly directory: string; readonly id: string; readonly label: string };
export type Effect = 'keep' | 'remove';
export type AgenticAgent =
  | { readonly type: 'any' }
  | { readonly type: 'agent-client' | 'mcp-client'; readonly clientId: string }
  | { readonly type: 'agent-owner'; readonly owner: string }
  | {
      readonly type: 'owner-group';
      readonly groups: { readonly type: 'group'; readonly groups: readonly GroupRef[]; readonly effect: Effect };
    }
  | { readonly type: 'provider'; readonly providerId: string; readonly subjectPattern?: Maybe<string> };
export type AgenticUser =
  | { readonly type: 'any' | 'none' }
  | { readonly type: 'user'; readonly uid: string }
  | { readonly type: 'group'; readonly groups: readonly GroupRef[]; readonly effect: Effect };
export type PolicyRequestor =
  | { readonly type: 'any' | 'some' }
  | { readonly type: 'user'; readonly uid: string }
  | { readonly type: 'group'; readonly groups: readonly GroupRef[]; readonly effect: Effect }
  | { readonly type: 'group'; readonly directory: string; readonly id: string; readonly label: string }
  | { readonly type: 'agentic'; readonly agent: AgenticAgent; readonly user: AgenticUser };
export type PolicyFilter = {
  readonly effect: 'keep' | 'remove' | 'removeAll';
  readonly key?: Maybe<string>;
  readonly pattern?: Maybe<string>;
  readonly value?: Maybe<boolean>;
};
export type PolicyResource =
  | { readonly type: 'any' }
  | {
      readonly type: 'integration';
      readonly service: string;
      readonly accessType?: Maybe<string>;
      readonly filters?: Maybe<Readonly<Record<string, PolicyFilter>>>;
    };
export type ApprovalOptions = {
  readonly allowOneParty?: Maybe<boolean>;
  readonly requireReason?: Maybe<boolean>;
  readonly requireDuration?: Maybe<boolean>;
  readonly requirePreapproval?: Maybe<boolean>;
  readonly breakGlassApprover?: Maybe<boolean>;
  /** So many different people must agree; absent: one. Not of P0's wire. */
  readonly requiredApprovals?: Maybe<number>;
  /** Who is asked too, one group after the other, each when so many minutes went by in silence. Not of P0's wire. */
  readonly nextGroups?: Maybe<{ readonly afterMinutes: number; readonly groups: readonly GroupRef[] }>;
  /** Whom the policy speaks about may take the access at once instead, for so long at most; absent minutes: the longest. Not of P0's wire. */
  readonly breakGlass?: Maybe<{ readonly maxMinutes?: Maybe<number> }>;
};
export type PolicyApproval = { readonly options?: Maybe<ApprovalOptions> } & (
  | { readonly type: 'p0' | 'persistent' | 'deny' }
  | { readonly type: 'group'; readonly groups: readonly GroupRef[]; readonly effect: Effect }
  | { readonly type: 'requestor-profile'; readonly directory: string; readonly profileProperty?: Maybe<string> }
  | { readonly type: 'auto'; readonly integration: string }
  | { readonly type: 'escalation'; readonly integration: string; readonly services: readonly string[] }
);
export type Policy = {
  readonly name: string;
  readonly disabled?: Maybe<boolean>;
  readonly requestor: PolicyRequestor;
  readonly resource: PolicyResource;
  readonly approval: readonly PolicyApproval[];
};
