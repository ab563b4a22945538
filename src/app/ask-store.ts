/** What the common way of making a request needs of the store: one that people have to decide, with nothing in its way. */
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org } from '../domain/ids.ts';
import type { Permission, PermissionRequest, Person } from '../domain/request.ts';
import type { Settings } from '../domain/settings.ts';
import type { Actor, RulesApplied } from './store.ts';

export type PlainAsk = {
  readonly org: Org;
  readonly requestor: Person;
  readonly keyMakers: PermissionRequest['keyMakers'];
  /** Whoever gets the access; they may be unknown yet. */
  readonly principal: Email;
  readonly permission: Permission;
  /** The principal's at the target. */
  readonly account: string;
  readonly reason: string | undefined;
  readonly asked: DurationSeconds;
  readonly durationNamed: boolean;
  readonly rules: RulesApplied;
  /** What it was judged by. */
  readonly judgedBy: { readonly ruleRevision: string | undefined; readonly settings: Settings };
  /** As many undecided requests one person may have. */
  readonly openLimit: number;
};

export type PlainAsks = {
  /**
   * Puts a request on record that somebody has to decide, with its event and its outbox line, in one statement: if the
   * policies and the settings are those it was judged by, the principal is known, and nothing that is on record could
   * change its fate (the same one open already, too many open, standing access, an open pre-approval, somebody else's
   * account). Of two submissions of one person at once, at most one goes through.
   * Undefined: nothing was done, and a transaction must look closer.
   */
  add(actor: Actor, ask: PlainAsk): Promise<{ readonly request: PermissionRequest; readonly isPreexisting: boolean } | undefined>;
};
