/** The port to Postgres, the only truth. One method per transition; each writes its row, its audit event and its outbox line together (I3). */
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, GrantId, Org, PersonId, PreApprovalId, RequestId } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import type { Decider, Endorsement, Extension, Permission, PermissionRequest, Person } from '../domain/request.ts';
import type { RecurringWindow, Span } from '../domain/recurring-window.ts';
import type { Outcome } from '../domain/route.ts';
import type { Settings } from '../domain/settings.ts';
import type { Instant } from '../domain/time.ts';
import type { Role } from '../domain/role.ts';
import type { Scope } from '../domain/scope.ts';
import type { PlainAsks } from './ask-store.ts';
import type { AuditChecks, Backlog, Vitals } from './vitals-store.ts';
import type { Aftermath, Claim, ClaimTargets, Settlement } from './claims.ts';
import type { AuditStore } from './audit-store.ts';
import type { BotTokenStore } from './bot-token-store.ts';
import type { BreakGlassReads, BreakGlassWrites } from './break-glass-store.ts';
import type { AccountChanges } from './account-changes-store.ts';
import type { DeliveryStore } from './deliveries-store.ts';
import type { DriftNotices } from './drift-notices-store.ts';
import type { DriftStore } from './drift-store.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { KeyReads, KeyWrites } from './keys-store.ts';
import type { PolicyReads, PolicyWrites } from './policies-store.ts';
import type { PolicyHistoryReads } from './policy-history-store.ts';
import type { RoleReads, RoleWrites, SettingsReads, SettingsWrites } from './settings-store.ts';
import type { RequestHistoryReads } from './request-history-store.ts';
import type { RequestPageWish } from './request-page.ts';
import type { PreApprovalReads, PreApprovalWrites, StandingAccessReads } from './pre-approvals-store.ts';
import type { AccountWrites, SignInStore } from './sign-in-store.ts';
import type { AccountId, Identity, Link, OutsideAccount } from './use-cases.ts';
import type { WebhookQueue, WebhookReads, WebhookWrites } from './webhooks-store.ts';
import type { HomeReads } from './home-store.ts';
import type { LinkNotices } from './link-notices-store.ts';
import type { StandingReviewReads } from './standing-review-store.ts';
import type { StepStore, StepWrites } from './steps-store.ts';
import type { LatenessReads } from './lateness-store.ts';
import type { PanicReads, PanicSweeps, PanicWrites } from './panics-store.ts';
import type { Newer } from './newer-store.ts';
import type { WaitingWrites } from './waiting-store.ts';
import type { NoticeStore } from './notices-store.ts';

/** Who did it, as the audit log names them. */
export type Actor =
  | {
      readonly kind: 'person';
      readonly id: PersonId;
      readonly email: Email;
      readonly via: 'slack' | 'api' | 'console';
      readonly key?: string;
    }
  | { readonly kind: 'policy'; readonly name: string }
  | { readonly kind: 'system' }
  | { readonly kind: 'unknown' };

/** Who may do what by it: `authority.ts`. The names are the wire's; `manager` is shown as security reviewer. */
export type { Role } from '../domain/role.ts';

/** Why a grant stops before its time; the database's clock says when. */
export type EarlyEnd =
  | { readonly kind: 'relinquished' }
  | { readonly kind: 'revoked'; readonly by: PersonId; readonly reason: string | undefined };

export type RequestFilter =
  /** Asked by or for this person. */
  | { readonly kind: 'of'; readonly person: PersonId }
  | { readonly kind: 'among'; readonly ids: readonly RequestId[] }
  /** Undecided, whoever asked. */
  | { readonly kind: 'pending' }
  /** Undecided, asked by this person. */
  | { readonly kind: 'open'; readonly by: PersonId }
  /** The chain of extensions that began with this request. */
  | { readonly kind: 'chain'; readonly first: RequestId }
  /** The person has, or is being given, access by it. */
  | { readonly kind: 'access'; readonly person: PersonId };

export type Reads = {
  /** A transaction has its connection already, and must never wait for somebody who still needs one. */
  readonly holdsConnection?: true;
  request(org: Org, id: RequestId): Promise<PermissionRequest | undefined>;
  /** Newest first. */
  requests(org: Org, filter: RequestFilter, limit: number): Promise<readonly PermissionRequest[]>;
  settings(org: Org): Promise<Settings>;
  /** All policies in their order, with their version and revision, all as of one moment; the version is "0" before the first change. */
  ruleBook(org: Org): Promise<{ readonly version: string; readonly revision: string | undefined; readonly rules: readonly Policy[] }>;
  /**
   * One small read, to learn whether the policies are still those that were read before. One revision never names two
   * contents: not even if the first was never committed. Undefined while no change has been made.
   */
  ruleRevision(org: Org): Promise<string | undefined>;
  /** Whoever has this address, where we have seen them; {@link Transaction.person} makes one. */
  knownPerson(org: Org, email: Email): Promise<Person | undefined>;
  /** Is the role bound to this address itself? Groups are asked elsewhere: `authority.ts`. */
  hasRole(org: Org, role: Role, person: Email): Promise<boolean>;
  readonly roles: RoleReads;
  /** Whose account that is at the target; undefined where nobody has used it through us. */
  accountHolder(org: Org, integration: string, account: string): Promise<PersonId | undefined>;
  /** A sealed password waits to be shown for this account. */
  secretWaits(org: Org, integration: string, account: string): Promise<boolean>;
};

/** The policies that something was decided by, and the version of all policies at that time. They go into its event. */
export type RulesApplied = { readonly version: string; readonly policies: readonly string[] };

/** What a decision that is only asked for needs of the database, all as of one moment. */
export type Outlook = {
  /** Those bound to the address itself. */
  readonly roles: readonly Role[];
  readonly ruleRevision: string | undefined;
  readonly settings: Settings;
  /** Somebody has opened a window at some time, so it is worth looking for one. */
  readonly hasPreApprovals: boolean;
  /** Somebody else is bound as a security reviewer. */
  readonly othersReview: boolean;
};

/** Inside one database transaction. What was read under {@link lockRequest} cannot change before the commit. */
export type Transaction = Reads & {
  readonly preApprovals: PreApprovalWrites;
  readonly webhooks: WebhookWrites;
  readonly steps: StepWrites;
  readonly breakGlass: BreakGlassWrites;
  readonly panics: PanicWrites;
  readonly waiting: WaitingWrites;
  /** Postgres' clock at this moment, not at the transaction's start: a lock may have been waited for (I15). */
  now(): Promise<Instant>;
  readonly keys: KeyWrites;
  readonly policyBook: PolicyWrites;
  readonly jitSettings: SettingsWrites;
  readonly roles: RoleWrites;
  readonly accounts: AccountWrites;
  /** The person behind an address, made on first sight. */
  person(org: Org, email: Email): Promise<Person>;
  /** Serialises everything that one person submits; {@link PlainAsks} too. */
  lockPerson(org: Org, person: PersonId): Promise<void>;
  /** Locks the request, then reads. */
  lockRequest(org: Org, id: RequestId): Promise<PermissionRequest | undefined>;
  addRequest(
    actor: Actor,
    draft: {
      readonly org: Org;
      readonly requestor: Person;
      readonly keyMakers: PermissionRequest['keyMakers'];
      readonly principal: Person;
      readonly permission: Permission;
      readonly reason: string | undefined;
      readonly asked: DurationSeconds;
      readonly durationNamed: boolean;
      readonly createdAt: Instant;
      readonly approvableUntil: Instant;
      /** It asks for more time. */
      readonly extension?: Pick<Extension, 'of' | 'first'> | undefined;
      /** What the policies made of it. */
      readonly outcome: Outcome['kind'];
      readonly rules: RulesApplied;
    },
  ): Promise<RequestId>;
  /** Gives the account's name at the target to this person for ever; false where it is somebody else's. */
  claimAccount(org: Org, integration: string, account: string, person: PersonId): Promise<boolean>;
  /** Decides and plans the grant: its latest end is on record before any target is touched. */
  approve(
    actor: Actor,
    request: PermissionRequest,
    decision: {
      readonly by: Decider;
      readonly at: Instant;
      /** What was agreed to. */
      readonly duration: DurationSeconds;
      /** How long the grant lasts at most once it is there: an extension's runs beside the one before it for a while. */
      readonly lasts: DurationSeconds;
      readonly standing: boolean;
      /** The right is there in these only. The span: those that are open then, or the next. */
      readonly hours?: { readonly window: RecurringWindow; readonly span: Span } | undefined;
      readonly account: string;
      readonly provisionUntil: Instant;
      readonly latestEnd: Instant;
      /** Who else agreed, where policies want several people. */
      readonly with?: readonly Person[];
      /** The window in which it was decided beforehand. */
      readonly preApproval?: PreApprovalId;
      readonly rules: RulesApplied;
    },
  ): Promise<void>;
  /** Puts on record that somebody agrees, where that is not enough. What the same person said before is replaced. */
  endorse(actor: Actor, request: PermissionRequest, endorsement: Endorsement, rules: RulesApplied): Promise<void>;
  deny(
    actor: Actor,
    request: PermissionRequest,
    decision: { readonly by: Decider; readonly at: Instant; readonly reason: string | undefined; readonly rules: RulesApplied },
  ): Promise<void>;
  close(actor: Actor, request: PermissionRequest, as: 'cancelled' | 'lapsed', at: Instant): Promise<void>;
  /** Marks the grant as ending: from here on it is wanted gone. */
  endGrant(actor: Actor, request: PermissionRequest, grant: GrantId, end: EarlyEnd): Promise<void>;
  /** Takes the sealed password of an account away and returns it; undefined where none waits. */
  takeSecret(actor: Actor, request: PermissionRequest, integration: string, account: string): Promise<string | undefined>;
};

export type { Aftermath, Claim, ClaimTargets, Settlement } from './claims.ts';

export type Store = Reads &
  NoticeStore & {
    requestPage(org: Org, wish: RequestPageWish): Promise<readonly PermissionRequest[]>;
    /** The rights that this person has at this moment by a grant, each once; without a person, those that anybody has. */
    held(org: Org, person: PersonId | undefined): Promise<readonly Permission[]>;
    readonly preApprovals: PreApprovalReads;
    readonly standingAccess: StandingAccessReads;
    readonly standingReview: StandingReviewReads;
    readonly steps: StepStore;
    readonly breakGlass: BreakGlassReads;
    readonly panics: PanicReads & PanicSweeps;
    readonly lateness: LatenessReads;
    readonly audit: AuditStore;
    readonly webhooks: WebhookReads & WebhookQueue;
    readonly history: RequestHistoryReads;
    readonly home: HomeReads;
    readonly idempotency: IdempotencyStore;
    readonly deliveries: DeliveryStore;
    readonly accountChanges: AccountChanges;
    readonly botTokens: BotTokenStore;
    readonly plainAsks: PlainAsks;
    /** Where the work comes to a refusal, nothing of it stays. */
    transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
    /** `person`: whose roles. */
    outlook(org: Org, person: Email): Promise<Outlook>;
    /** Postgres' clock. */
    now(): Promise<Instant>;
    vitals(): Promise<Vitals>;
    backlog(): Promise<Backlog>;
    newer(): Promise<Newer>;
    readonly auditChecks: AuditChecks;
    readonly drift: DriftStore;
    readonly driftNotices: DriftNotices;

    /** Something was refused: that is an event too. */
    recordRefusal(
      actor: Actor,
      org: Org,
      refusal: { readonly attempt: string; readonly code: string; readonly request: RequestId | undefined },
    ): Promise<void>;
    /** How many calls were refused that no door has put on record, by HTTP status; nobody is known to have made them. */
    recordRefusedCalls(org: Org, counts: Readonly<Record<string, number>>): Promise<void>;

    // The reconciler.
    /**
     * Claims up to `limit` due rights of one lane, longest due first. None that only a newer release knows how to handle.
     * @param targets  `open`: of those that this process knows, those that it has calls left for; rights at targets that it does
     *   not know come once nobody else has taken them for a while. Without it: of all.
     */
    claim(lane: 'give' | 'take', limit: number, targets?: ClaimTargets): Promise<readonly Claim[]>;
    /** Counts due rights among those to take that were being given, may be there, and are wanted by nothing any more. Returns how many. */
    handOver(): Promise<number>;
    /** Was something due to be taken then, at one of these targets, that was not tried since and that no other process is trying? */
    isTakingLeft(since: Instant, known: readonly string[]): Promise<boolean>;
    /** Records what the target said before our first call; false where the claim was lost. */
    recordBaseline(claim: Claim, observed: 'absent' | 'present'): Promise<boolean>;
    /**
     * Writes claims back: rights, grants, audit, outbox in one statement. Fenced: a lost claim changes nothing (R9).
     */
    settle(settlements: readonly Settlement[]): Promise<Aftermath>;
    /**
     * Puts a sealed password on record before it is offered to the target; an offer that was never answered is kept and
     * returned instead. `reset`: as far as we know, no password of ours was ever confirmed for this account.
     */
    offerPassword(claim: Claim, sealed: string): Promise<{ readonly sealed: string; readonly reset: boolean }>;
    /** The target took the offered password, or had no use for it. */
    answerPassword(claim: Claim, taken: boolean): Promise<void>;
    /** These accounts do not exist any more, and no password opens them. */
    forgetAccounts(claims: readonly Claim[]): Promise<void>;
    /** Works out the next hours of grants whose hours have closed. Returns how many have hours that are not understood here. */
    turnHours(): Promise<number>;
    /** The whole seconds at which something falls due within the next hour. */
    dueSeconds(): Promise<readonly number[]>;

    // People.
    readonly keys: KeyReads;
    readonly policyBook: PolicyReads;
    readonly policyHistory: PolicyHistoryReads;
    readonly jitSettings: SettingsReads;
    identify(org: Org, identity: Identity): Promise<Person>;
    linkAccount(org: Org, account: OutsideAccount): Promise<Link>;
    linkAgain(org: Org, account: OutsideAccount): Promise<Link>;
    findLink(org: Org, account: OutsideAccount): Promise<Link | undefined>;
    namedPerson(org: Org, account: OutsideAccount): Promise<Link>;
    linkedUser(org: Org, whom: Omit<AccountId, 'user'> & { readonly email: Email }): Promise<string | undefined>;
    readonly signIns: SignInStore;
    readonly linkNotices: LinkNotices;
    authenticate(org: Org, key: string): Promise<Bearer | undefined>;
  };

/** Whom a bearer token speaks for, and how far. */
export type Bearer = {
  readonly person: Person;
  readonly scopes: ReadonlySet<Scope>;
  readonly key?: string;
  readonly keyMakers?: readonly PersonId[];
  readonly outlook?: Outlook;
};
