/** What API keys need of the store. Keys themselves are never read back: only their hash is kept. */
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org, PersonId } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';
import type { Scope } from '../domain/scope.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './store.ts';

export type ApiKey = {
  /** A UUID, which is no secret. */
  readonly id: string;
  readonly name: string;
  readonly owner: Email;
  readonly scopes: readonly Scope[];
  readonly createdAt: Instant;
  /** Undefined for the key that the configuration gives. */
  readonly createdBy: Email | undefined;
  /** Undefined: never. Only the configured key is like that. */
  readonly expiresAt: Instant | undefined;
  readonly expired: boolean;
  /** To the minute; undefined: never used. */
  readonly lastUsedAt: Instant | undefined;
};

export type KeyReads = {
  /** All that are not revoked, newest first; expired ones too. */
  list(org: Org): Promise<readonly ApiKey[]>;
};

export type KeyWrites = {
  /** Makes a key with its event. Undefined where the organisation has as many as it can. `key` is told here and never again. */
  add(
    actor: Actor,
    draft: {
      readonly org: Org;
      readonly name: string;
      readonly owner: Person;
      readonly createdBy: Person;
      /** Who else may hold a copy of it: the makers of the key that it is made with. */
      readonly keyMakers: readonly PersonId[];
      readonly scopes: readonly Scope[];
      readonly life: DurationSeconds;
    },
  ): Promise<{ readonly key: string; readonly record: ApiKey } | undefined>;
  /** False where there is no such key, or it is revoked already. */
  revoke(actor: Actor, org: Org, id: string): Promise<boolean>;
};
