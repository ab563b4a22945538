/** The doors of `app`: what Slack's listeners, the HTTP routes and the workers may call. Every change goes through here. */
import type { AskedRight } from '../domain/command.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org, RequestId } from '../domain/ids.ts';
import type { PermissionRequest, Person } from '../domain/request.ts';
import type { Result } from '../domain/result.ts';
import type { AccountChanges } from './account-changes-store.ts';
import type { AccountDoors } from './accounts.ts';
import type { AuditDoors } from './audit.ts';
import type { BreakGlassDoors } from './break-glass-doors.ts';
import type { DeliveryStore } from './deliveries-store.ts';
import type { HomeTabs } from './home-tabs-store.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { MoreTime } from './extend-request.ts';
import type { Home, HomePosition } from './read-home.ts';
import type { KeyDoors } from './keys.ts';
import type { LatenessDoors } from './lateness.ts';
import type { PanicDoors } from './panics.ts';
import type { RequestQuery } from './list-requests.ts';
import type { PolicyDoors } from './policies.ts';
import type { AllowingDoors } from './allow-form.ts';
import type { AskingDoors } from './request-form.ts';
import type { HistoryDoors } from './request-history.ts';
import type { RoleDoors } from './roles.ts';
import type { SettingsDoors } from './settings.ts';
import type { CatalogEntry } from './shown-catalog.ts';
import type { PreApproval } from '../domain/pre-approval.ts';
import type { Caller, Picture, Usage } from './ports.ts';
import type { PreApprovalDoors } from './pre-approvals.ts';
import type { StandingAccessDoors } from './standing-access.ts';
import type { StandingReviewDoors } from './standing-review.ts';
import type { StepDoors } from './steps.ts';
import type { RequestWatch } from './watch-requests.ts';
import type { WebhookDoors } from './webhooks.ts';

/** A request before it is looked up and routed. `to` is set where it is for somebody else. */
export type Draft = {
  readonly right: AskedRight;
  readonly reason: string | undefined;
  /** Undefined: the smallest preset. */
  readonly duration: DurationSeconds | undefined;
  readonly to: string | undefined;
  /** Of standing access: the hours in which it is there. */
  readonly window?: string | undefined;
  /** At once, where policies let them; undefined: in the usual way. */
  readonly breakGlass?: boolean | undefined;
};

export type Submitted = {
  readonly request: PermissionRequest;
  /** The principal has this access at this moment, by another grant. */
  readonly isPreexisting: boolean;
  /** Policies give it without anybody's decision, until it must be approved again. */
  readonly isPersistent: boolean;
  readonly isPreapproved: boolean;
};

/** What a command came to, before it is dressed as Block Kit, JSON or text. */
export type Reply =
  | ({ readonly kind: 'submitted' } & Submitted)
  | { readonly kind: 'allowed'; readonly preApproval: PreApproval }
  | { readonly kind: 'decided'; readonly request: PermissionRequest }
  | { readonly kind: 'ending'; readonly request: PermissionRequest }
  | { readonly kind: 'status'; readonly requests: readonly PermissionRequest[] }
  /** `arg` is a singular noun, `term` the search words; `isTruncated` where more items matched than are listed. */
  | {
      readonly kind: 'list';
      readonly arg: string;
      readonly term: string;
      readonly isTruncated: boolean;
      readonly items: readonly {
        readonly key: string;
        readonly value: string;
        readonly group: string | undefined;
        readonly isPreexisting: boolean;
      }[];
    }
  | { readonly kind: 'help'; readonly text: string };

export type Verdict =
  /** `digest` is of the picture the approver saw; undefined where no picture was shown (API, command). */
  | { readonly kind: 'approve'; readonly duration: DurationSeconds | undefined; readonly digest: string | undefined }
  | { readonly kind: 'deny'; readonly reason: string | undefined };

/** An account of some chat or directory, as its provider vouches for it. */
export type Identity = {
  /** `slack`, … */
  readonly provider: string;
  /** The provider's immutable id; for Slack `TEAM/USER`. */
  readonly subject: string;
  readonly email: Email;
};

/** An account of a chat workspace. */
export type AccountId = {
  readonly provider: 'slack';
  /** Where the user's id is the only one of its kind: the workspace, or the organisation that it belongs to. */
  readonly workspace: string;
  readonly user: string;
};
/** With the address that the workspace vouches for at this moment; undefined where it vouches for none. */
export type OutsideAccount = AccountId & { readonly email: Email | undefined };
/**
 * `other-person`: the account's address is another person's now. `second-account`: the person has an account there already.
 * `unlinked`: nobody vouches for an address by which it could be linked. `taken-back`: its link was, and it stays so until its
 * person links it again.
 */
export type Link = { readonly person: Person } | { readonly why: 'other-person' | 'second-account' | 'unlinked' | 'taken-back' };

/** What may be done with requests and with what they gave. */
export type RequestDoors = {
  submitRequest(caller: Caller, draft: Draft): Promise<Result<Submitted>>;
  decideRequest(caller: Caller, id: RequestId, verdict: Verdict): Promise<Result<PermissionRequest>>;
  /** The requestor takes a pending request back. */
  cancelRequest(caller: Caller, id: RequestId): Promise<Result<PermissionRequest>>;
  /** Asks for more time on active access, for its principal or requestor. Answers with the new request, or with one that is open. */
  extendRequest(caller: Caller, id: RequestId, more: MoreTime): Promise<Result<PermissionRequest>>;
  /** Has whoever is on call told of a pending request, for its principal or requestor. */
  escalateRequest(caller: Caller, id: RequestId, reason: string | undefined): Promise<Result<PermissionRequest>>;
  /** Has approvers asked to hurry, for the principal or requestor of a pending request; not too often. */
  nudgeRequest(caller: Caller, id: RequestId): Promise<Result<PermissionRequest>>;
  /** Whoever may decide makes it a request for less, which goes on waiting. @param to  the resource to give instead */
  narrowRequest(caller: Caller, id: RequestId, to: string): Promise<Result<PermissionRequest>>;
  /** Whoever may decide asks for more. Answers with the request, which goes on waiting. */
  questionRequest(caller: Caller, id: RequestId, text: string): Promise<Result<PermissionRequest>>;
  /** The requestor or principal answers a question, once. */
  answerQuestion(
    caller: Caller,
    id: RequestId,
    answer: { readonly number: number; readonly text: string },
  ): Promise<Result<PermissionRequest>>;
  /** Takes access away before its end: the principal may, and whoever could approve it now, and owners. */
  revokeGrant(caller: Caller, id: RequestId, reason: string | undefined): Promise<Result<PermissionRequest>>;
  /** The principal gives it back. */
  relinquishGrant(caller: Caller, id: RequestId): Promise<Result<PermissionRequest>>;
  /** Hands the generated password to the principal, once. A second call answers `nothing-to-show`. */
  revealSecret(caller: Caller, id: RequestId): Promise<Result<{ readonly usage: Usage; readonly password: string }>>;
  /** A request that the caller may read: own, decidable, or all for reviewers, owners and viewers; else `not-found`. */
  readRequest(caller: Caller, id: RequestId): Promise<Result<PermissionRequest>>;
  /** What a message about it would show, with the digest that its buttons are bound to; as {@link readRequest}. */
  pictureOf(caller: Caller, id: RequestId): Promise<Result<Picture>>;
  /** Newest first: for members their own and what waits for their decision, everybody's for reviewers, owners and viewers. */
  listRequests(caller: Caller, query: RequestQuery): Promise<Result<readonly PermissionRequest[]>>;
  /** As `readRequest`, for whoever waits for what they asked by command: what the answer to the command said, as it is now. */
  pollRequest(caller: Caller, id: RequestId): Promise<Result<Submitted>>;
};

export type UseCases = RequestDoors & {
  readonly asking: AskingDoors;
  readonly allowing: AllowingDoors;
  readonly preApprovals: PreApprovalDoors;
  readonly standingAccess: StandingAccessDoors;
  readonly standingReview: StandingReviewDoors;
  readonly steps: StepDoors;
  readonly breakGlass: BreakGlassDoors;
  readonly panics: PanicDoors;
  readonly lateness: LatenessDoors;
  readonly keys: KeyDoors;
  readonly policies: PolicyDoors;
  readonly settings: SettingsDoors;
  readonly roles: RoleDoors;
  readonly accounts: AccountDoors;
  readonly audit: AuditDoors;
  readonly history: HistoryDoors;
  readonly webhooks: WebhookDoors;
  /** No door: it says nothing of what is behind the others, and belongs to whoever calls them. */
  readonly idempotency: Pick<IdempotencyStore, 'claim'>;
  /** No door either: whoever presses is not known yet. */
  readonly deliveries: Pick<DeliveryStore, 'claim'>;
  /** No door either: it says that something changed, and nothing of what. */
  readonly accountChanges: Pick<AccountChanges, 'mark' | 'add'>;
  /** No door: what a tab shows is read through {@link UseCases.home}. */
  readonly homeTabs: Pick<HomeTabs, 'begin' | 'drawn'>;
  /** Only for a request that {@link RequestDoors.pollRequest} has shown to the caller. */
  readonly watch: RequestWatch;
  /** `program` is what the caller types before the command (`/access`, `p0`), for help and usage texts. */
  runCommand(caller: Caller, argv: readonly string[], program: string): Promise<Result<Reply>>;
  /** The last five different rights that the caller asked for and that are still offered, newest first. */
  recentRights(caller: Caller): Promise<readonly CatalogEntry[]>;
  /** The caller's home: what waits for their decision, their requests, their access, newest first, a page of each. */
  home(caller: Caller, position?: HomePosition): Promise<Home>;
  /** The person behind an identity, linked on first sight and kept. */
  identify(org: Org, identity: Identity): Promise<Person>;
  /** The same for an account of a chat workspace, where one person has one account, and addresses can be changed. See ADR 10. */
  linkAccount(org: Org, account: OutsideAccount): Promise<Link>;
  /** The same for somebody who says that they want the link: one that was taken back is made again. */
  linkAgain(org: Org, account: OutsideAccount): Promise<Link>;
  /** The same for somebody who is only spoken of: no link is made, and undefined means that there is none. */
  findLink(org: Org, account: OutsideAccount): Promise<Link | undefined>;
  /** Whom {@link linkAccount} would answer with for somebody whom another names: no link is made, as they did nothing themselves. */
  namedPerson(org: Org, account: OutsideAccount): Promise<Link>;
  /** The other way: the user of that workspace who is linked to the person with this address. */
  linkedUser(org: Org, whom: Omit<AccountId, 'user'> & { readonly email: Email }): Promise<string | undefined>;
  /** Whom a bearer token speaks for; undefined for an unknown, expired or revoked one, `unavailable` where it cannot be told now. */
  authenticate(org: Org, token: string): Promise<Caller | 'unavailable' | undefined>;
  /** Refused calls that no door has put on record, since the last time. */
  recordRefusedCalls(org: Org, counts: RefusedCalls): Promise<void>;
};

/** How many, by HTTP status. */
export type RefusedCalls = Readonly<Record<string, number>>;

/** What the workers run. All are idempotent, re-read everything, and may be called at any time by anybody. */
export type Work = {
  /** Takes away whatever is due. Returns how many rights were looked at. */
  take(): Promise<number>;
  /** Gives whatever is due. Returns how many rights were looked at. */
  give(): Promise<number>;
  /** Takes away what has ended while it was being given. Returns how many rights were looked at. */
  handOver(): Promise<number>;
  /** Looks at the rights that should be there, whether somebody has removed them at their target. */
  watchDrift(): Promise<void>;
  /** Looks for what carries our mark at a target and no right wants. */
  findOrphans(): Promise<void>;
  /** Tells owners, and the approvers' channel, what was found so. */
  tellDrift(): Promise<void>;
  /** Works out the next hours of standing access whose hours have closed, and has looked at what has opened. */
  turnHours(): Promise<void>;
  /** Goes on with the panics that were pressed. */
  panic(): Promise<void>;
  /** Closes requests that nobody answered in time. */
  lapse(): Promise<void>;
  /** Asks for the messages of requests that change by time now: reminders, warnings. */
  remind(): Promise<void>;
  /** Brings the messages of one request to what the database says. */
  notify(id: RequestId): Promise<void>;
  /** Does the notifying that the queue was asked for and did not do. */
  deliver(): Promise<void>;
  /** Asks for the home tabs whose moment has come. */
  homes(): Promise<void>;
  /** Brings the home tab of one user of the workspace to what the database says. */
  drawHome(account: string): Promise<void>;
  /** Tells people whose account was linked by a sign-in. */
  tellLinked(): Promise<void>;
  /** Tells steps of workflows that failed so. */
  endSteps(): Promise<void>;
  /** Sets the alarms of the next hour. */
  arm(): Promise<void>;
  /** Moves new outbox lines into the queue. */
  relay(): Promise<void>;
  /** Seals new audit events into their chain. Returns how many. */
  seal(): Promise<number>;
  /** Tells webhooks what was sealed. Returns how many calls that took. */
  callWebhooks(): Promise<number>;
  /** Forgets what was kept of calls longer ago than repeats are answered from it. */
  forget(): Promise<void>;
};
