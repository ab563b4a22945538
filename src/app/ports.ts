/** Everything the use cases need of the outside. Shapes are domain values; faults are thrown, refusals are returned. */
import type { Several } from '../domain/burst.ts';
import type { DriftResponse } from '../domain/drift.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org, PersonId, RequestId, RightId } from '../domain/ids.ts';
import type { GroupRef } from '../domain/policy.ts';
import type { Posting } from '../domain/posting.ts';
import type { StepEnd } from '../domain/step.ts';
import type { PermissionRequest, Person } from '../domain/request.ts';
import type { Result } from '../domain/result.ts';
import type { CallResult, Observed } from '../domain/right.ts';
import type { Scope } from '../domain/scope.ts';
import type { TargetAnswer } from '../domain/target-answer.ts';
import type { Instant } from '../domain/time.ts';
import type { HomeClaim, HomeDrawn } from './home-tabs-store.ts';
import type { Home, HomePosition } from './read-home.ts';
import type { AccountId } from './use-cases.ts';
import type { DriftMessenger } from './drift-notices-store.ts';
import type { Outlook } from './store.ts';
import type { Identity } from './use-cases.ts';

/**
 * An authenticated person, and the door they came through. A token acts for the person it belongs to, so it never counts
 * as a second person beside them.
 */
export type Caller = {
  readonly org: Org;
  readonly person: Person;
  readonly via: 'slack' | 'api';
  readonly scopes: ReadonlySet<Scope>;
  /** The id of the API key that was used; undefined in Slack and for tokens of an outside issuer. */
  readonly key?: string;
  /** Who made that key, or one that it was made with, and so may hold a copy of it. */
  readonly keyMakers?: readonly PersonId[];
  /** How things stood when the key was looked at: for what is only asked for. Whoever changes something reads again. */
  readonly outlook?: Outlook;
};

/** Where events are written down. Fields hold no secrets and no text of people longer than needed. */
export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

// ---------------------------------------------------------------- targets

/** A right as a target understands it. `account` is what the principal is called there. */
export type TargetRight = { readonly accessType: string; readonly resource: string; readonly account: string };

export type CatalogItem = { readonly accessType: string; readonly resource: string; readonly label: string };

/** How a principal uses what was granted: shown in the DM, without any secret. */
export type Usage = { readonly command: string; readonly account: string };

/** `accountGone`: the account itself was made by us, kept nothing, and does not exist any more. `said`: what was read back. */
export type Removal = {
  readonly result: CallResult;
  readonly sessionsEnded: number;
  readonly accountGone: boolean;
  readonly said?: TargetAnswer;
};

/** Something at a target that carries our mark. */
export type Tagged = {
  /** An account of ours that has no right any more is listed with an empty `resource`. */
  readonly right: TargetRight;
  /** Nobody but us can have given it. Without that it is reported, and never removed unless a right of ours is behind it. */
  readonly isOurs: boolean;
};

/** What a target that can carry our mark says of it. */
export type TaggedRights = {
  /** All that carries it. A read that failed, or came to nothing in part, is `unknown` and never empty. */
  list(signal: AbortSignal): Promise<readonly Tagged[] | 'unknown'>;
  /** As {@link Integration.ensureAbsent}, over connections that removals of expired rights do not wait for. */
  remove(rights: readonly TargetRight[], signal: AbortSignal): Promise<readonly Removal[]>;
};

export type Integration = {
  readonly name: string;
  readonly service: string;
  /** How often the target is looked at unasked, and what is done where somebody has changed something there. */
  readonly watch: { readonly everySeconds: number; readonly response: DriftResponse };
  /** Undefined: the target cannot carry a mark. */
  readonly tagged?: TaggedRights | undefined;
  readonly capabilities: {
    /** The target itself ends the access at `until`, even if we are down. */
    readonly targetSideExpiry: boolean;
    /** Removal also ends what the principal has open. */
    readonly endsSessions: boolean;
    /** A new account needs a password that we make. */
    readonly wantsPassword: boolean;
  };
  /** What can be asked for; from configuration, so that it needs no credential. */
  catalog(): readonly CatalogItem[];
  /** The resources of the same access type that give less than this one, as the configuration says; approvers may choose one. */
  narrower(right: Pick<TargetRight, 'accessType' | 'resource'>): readonly string[];
  /** The account of a principal; refuses an address that gives no safe name. */
  accountOf(principal: Email): Result<string>;
  usage(right: TargetRight): Usage;
  /** Reads the target. `unknown` for what could not be read; a failed read is never "absent". */
  observe(rights: readonly TargetRight[], signal: AbortSignal): Promise<readonly Observed[]>;
  /**
   * Makes the right exist, idempotently, and reads it back. `until` is set at the target where it has ends of its own.
   * `password` is for an account that has to be made. Where the account exists already and was made by us, it is set only
   * with `resetPassword`: an earlier call may have made the account without our learning it, so nobody knows its password.
   * An account that is not ours keeps its own. `passwordSet` says whether `password` opens the account now. `said` is what was
   * read back: it is kept as proof, and read by auditors.
   */
  ensurePresent(
    right: TargetRight,
    options: { readonly until: Instant; readonly password: string | undefined; readonly resetPassword: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly result: CallResult; readonly passwordSet: boolean; readonly said?: TargetAnswer }>;
  /**
   * Makes the rights not exist, idempotently, ends sessions where it can, and reads back: one answer per right, in order.
   * Where the account was made by us and keeps nothing, the account goes too.
   */
  ensureAbsent(rights: readonly TargetRight[], signal: AbortSignal): Promise<readonly Removal[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type Integrations = {
  byName(name: string): Integration | undefined;
  all(): readonly Integration[];
};

// ---------------------------------------------------------------- people

/**
 * Group membership as of now: nothing between a directory and a decision keeps answers. One that keeps its own must state
 * for how long, in its configuration, and throw once they are older. A failed look-up throws; it is never "no members".
 */
export type Directory = {
  readonly name: string;
  /** `not-configured`: it was never told of that group, so it cannot tell, however often it is asked. */
  isMember(group: Pick<GroupRef, 'id'>, person: Email): Promise<boolean | 'not-configured'>;
  /** A property of the person's profile that names another person, e.g. `manager`. `not-configured`: it knows no profiles. */
  profileProperty(person: Email, property: string): Promise<Email | undefined | 'not-configured'>;
  /** Everybody in the group, to be told; who may decide is asked by `isMember`. Absent where it cannot list them. */
  members?(group: Pick<GroupRef, 'id'>): Promise<readonly Email[] | 'not-configured'>;
};
/** The directory of that name; undefined where none is configured, which callers must treat as "cannot tell". */
export type Directories = (name: string) => Directory | undefined;

/** On-call look-ups (`auto` and `escalation` approvals); same rules as {@link Directory}. */
export type OnCall = {
  readonly name: string;
  /** For any of these services; undefined: for anything. */
  isOnCall(person: Email, services: readonly string[] | undefined): Promise<boolean>;
  /** Does the configuration say how to tell whoever is on call for this service? */
  canPage(service: string): boolean;
  /** Tells whoever is on call for these services, in plain text. Called again with the same key it must not tell them twice. */
  page(services: readonly string[], about: { readonly key: string; readonly text: string }, signal: AbortSignal): Promise<void>;
};
/** Services of one on-call integration. */
export type OnCallServices = { readonly integration: string; readonly services: readonly string[] };
/** Undefined where none of that name is configured: then nobody is on call through it. */
export type OnCalls = (integration: string) => OnCall | undefined;

/** Tokens of outside issuers. */
export type Tokens = {
  /** Whom it speaks for and how far; undefined where it is not to be believed, `unavailable` where that cannot be told now. */
  verify(token: string): Promise<{ readonly identity: Identity; readonly scopes: ReadonlySet<Scope> } | 'unavailable' | undefined>;
};

// ---------------------------------------------------------------- jobs

/** What the queue may be asked to do sooner. An id and nothing else; losing one changes only latency (I12). */
export type Job =
  /** Look at what is due, now or at that second. */
  | { readonly kind: 'due'; readonly epochSecond: number }
  /** Look at one right. */
  | { readonly kind: 'look'; readonly rightId: RightId }
  /** Bring the messages of one request up to date. `outboxId` makes the job's id. */
  | { readonly kind: 'notify'; readonly requestId: RequestId; readonly outboxId: string }
  /** Look at the home tab of this user of the workspace. */
  | { readonly kind: 'home'; readonly account: string };

export type Jobs = {
  /** Adds each job, `due` jobs delayed until their second. Adding one that is waiting already does nothing. */
  wake(jobs: readonly Job[]): Promise<void>;
};

// ---------------------------------------------------------------- messages

/** Where a posted message is. */
export type MessageRef = { readonly channel: string; readonly ts: string };

/**
 * How often somebody was given a right in the 30 days before they asked again, and when it last was, however long ago; and
 * when somebody last said no to it in those 30 days.
 */
export type PastUse = { readonly count: number; readonly last: Instant | undefined; readonly denied?: Instant | undefined };

/** All that a message about a request may show. */
export type Picture = {
  readonly request: PermissionRequest;
  /** Present while the request is pending and can be approved. */
  readonly choice: { readonly durations: readonly DurationSeconds[]; readonly digest: string } | undefined;
  /** What speaks about it at this moment. */
  readonly policies?: readonly string[];
  /** What the principal did with this right before they asked; for those who decide. */
  readonly history?: PastUse | undefined;
  /** Who may decide, in words: "Security reviewers", "Platform team". */
  readonly approvers: readonly string[];
  readonly usage: Usage | undefined;
  /** A password waits to be shown to the principal, once. */
  readonly secretWaits: boolean;
  /** How much more one press asks for, where the access can be extended. */
  readonly extendBy?: DurationSeconds | undefined;
  /** What an approver may give in its place, while it waits. */
  readonly narrower?: readonly string[] | undefined;
  /** How long its requestor may take it at once instead of waiting, in an emergency. */
  readonly takeAtOnce?: DurationSeconds | undefined;
  /** Somebody on call, or a further group, can be asked and was not yet. */
  readonly canEscalate?: boolean;
  /** In a copy elsewhere: the address of the message in the channel. */
  readonly link?: string | undefined;
  /** In a message that stands for several requests: what they are. */
  readonly several?: Several | undefined;
};

/** A post whose outcome is not known: its answer got lost, or whoever sent it did not live to hear it. */
export type PostAttempt = { readonly posting: Posting; readonly channel: string; readonly startedAt: Instant };

/** Told around a post, so that one that may have been made is looked for before it is made again. */
export type PostWitness = {
  /** Right before it goes out to that channel; throws where it must not. */
  begin(channel: string): Promise<void>;
  /** It certainly was not posted. */
  refused(): Promise<void>;
};

export type Messenger = {
  /**
   * Posts the message, below `under` if given. Throws where it could not be, or may not have been, posted;
   * `Unreachable` where nobody would read it.
   */
  post(posting: Posting, picture: Picture, under: MessageRef | undefined, witness?: PostWitness): Promise<MessageRef>;
  /** The message that this attempt made. Undefined where there is none, or where we may not look. */
  find(request: RequestId, attempt: PostAttempt, under: MessageRef | undefined): Promise<MessageRef | undefined>;
  /** The address of a message. Undefined where Slack says that there is none. */
  linkTo(ref: MessageRef): Promise<string | undefined>;
  /** Redraws it in place. A message that is gone is not an error. `ready` is called right before, and throws where it must not be. */
  redraw(posting: Posting, ref: MessageRef, picture: Picture, ready?: () => Promise<void>): Promise<void>;
  /** Tells the account's person that it was linked. Throws where that is not known to have happened; `Unreachable` where nobody would read it. */
  tellLinked(account: AccountId, email: Email): Promise<void>;
  /** What was found changed at targets. */
  readonly drift: DriftMessenger;
  /** Ends a step of a workflow. One that waits no more is not an error. */
  endStep(execution: string, end: StepEnd): Promise<void>;
  /**
   * Draws a home tab anew for whoever its account is taken for now, unless it shows already what `read` gives for them. Of an
   * account that is refused it says why, and shows nothing of the person it was taken for before. `gone` where nobody can look
   * at it. @throws where it could not be drawn now.
   */
  drawHome(
    tab: Pick<HomeClaim, 'account' | 'place' | 'shown'>,
    read: (caller: Caller, position: HomePosition) => Promise<Home>,
  ): Promise<HomeDrawn | 'gone'>;
};

// ---------------------------------------------------------------- secrets

/** Encryption at rest for what must be shown once. `label` is bound to the ciphertext and must match to open it. */
export type Vault = {
  seal(text: string, label: string): string;
  open(sealed: string, label: string): string;
  /** A password of at least 128 random bits, in characters that survive a shell and a URL. */
  newPassword(): string;
};
