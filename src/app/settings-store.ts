/** What the JIT settings and the role bindings need of the store. */
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org } from '../domain/ids.ts';
import type { Role } from '../domain/role.ts';
import type { Settings } from '../domain/settings.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './store.ts';

/** `version` counts the changes, those of role bindings too, from 0. */
export type VersionedSettings = { readonly settings: Settings; readonly version: string };

/** Settings and bindings of one moment, in one version. */
export type AllSettings = VersionedSettings & { readonly roles: readonly RoleBinding[] };

/** What lowering a maximum would do to live grants: how many it shortens, and the first of their new ends. */
export type Shortening = { readonly count: number; readonly firstEnd: Instant | undefined };

export type SettingsReads = {
  read(org: Org): Promise<AllSettings>;
  /** What {@link SettingsWrites.shorten} would do at this moment. */
  foresee(org: Org, kind: { readonly standing: boolean }, maximum: DurationSeconds): Promise<Shortening>;
};

export type SettingsWrites = {
  /** Locks the organisation's settings, then reads. */
  lock(org: Org): Promise<VersionedSettings>;
  /** Answers with the new version. */
  put(
    actor: Actor,
    org: Org,
    settings: Settings,
    change: { readonly setting: string; readonly before: unknown; readonly after: unknown },
  ): Promise<string>;
  /** A new version because of a change that is stored elsewhere, and has its own event. After {@link SettingsWrites.lock}. */
  count(org: Org): Promise<string>;
  /**
   * Shortens the live grants that last longer than `maximum`, each with its event, and has the targets told: those with
   * more than `maximum` behind them already end at once. With standing access goes what a policy gave by itself on top of
   * other access, from its decision on; what people gave stays.
   */
  shorten(actor: Actor, org: Org, kind: { readonly standing: boolean }, maximum: DurationSeconds): Promise<void>;
};

/** `email` is the canonical one, `shown` as it was written last; a group is named `directory/id`. */
export type RoleHolder =
  | { readonly kind: 'user'; readonly email: Email; readonly shown: Email }
  | { readonly kind: 'group'; readonly group: string };
export type RoleBinding = { readonly role: Role; readonly holder: RoleHolder; readonly source: 'configuration' | 'api' };

export type RoleReads = {
  /** In order of roles and names. */
  list(org: Org): Promise<readonly RoleBinding[]>;
  /** The groups that have the role. */
  groups(org: Org, role: Role): Promise<readonly string[]>;
};

export type RoleWrites = RoleReads & {
  /** Serialises all changes of bindings, of the configuration too. */
  lock(): Promise<void>;
  /** Until the commit nobody changes a binding; others may hold them too. Before any other lock: whoever changes one waits for all. */
  hold(): Promise<void>;
  /** Undefined: nothing changed. What is bound in another spelling takes this one. */
  bind(actor: Actor, org: Org, role: Role, holder: RoleHolder): Promise<'bound' | 'respelled' | undefined>;
  /** Takes a binding away that was made through the API; false where there is none. */
  unbind(actor: Actor, org: Org, role: Role, holder: RoleHolder): Promise<boolean>;
};
