/** What the JIT settings and the role bindings need of the store. */
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org } from '../domain/ids.ts';
import type { Role } from '../domain/role.ts';
import type { Settings } from '../domain/settings.ts';
import type { Actor } from './store.ts';

/** `version` counts the changes, from 0. */
export type VersionedSettings = { readonly settings: Settings; readonly version: string };

export type SettingsReads = {
  read(org: Org): Promise<VersionedSettings>;
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
  /**
   * Shortens the live grants that last longer than `maximum`, each with its event, and has the targets told: those with
   * more than `maximum` behind them already end at once.
   */
  shorten(actor: Actor, org: Org, kind: { readonly standing: boolean }, maximum: DurationSeconds): Promise<void>;
};

/** The address is the canonical one; a group is named `directory/id`. */
export type RoleHolder = { readonly kind: 'user'; readonly email: Email } | { readonly kind: 'group'; readonly group: string };
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
  /** False where it was bound already. */
  bind(actor: Actor, org: Org, role: Role, holder: RoleHolder): Promise<boolean>;
  /** Takes a binding away that was made through the API; false where there is none. */
  unbind(actor: Actor, org: Org, role: Role, holder: RoleHolder): Promise<boolean>;
};
