import { longestKeyLife, longestKeyName, mostKeys, usualKeyLife } from '../domain/api-key.ts';
import { parseDuration } from '../domain/duration.ts';
import type { Email, Org } from '../domain/ids.ts';
import { parseEmail } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { type Role, roles } from '../domain/role.ts';
import type { Scope } from '../domain/scope.ts';
import { actorOf } from './actor.ts';
import { asOwner, holdsRole, inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { ApiKey } from './keys-store.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

export type KeyDraft = {
  readonly name: string;
  /** An address, as the caller wrote it. */
  readonly owner: string;
  readonly scopes: readonly Scope[];
  /** A duration as text; undefined: 90 days. */
  readonly expiresIn: string | undefined;
};

export type Account = {
  readonly org: Org;
  readonly email: Email;
  readonly scopes: readonly Scope[];
  /** Those that could be told; a directory may not have answered. */
  readonly roles: readonly Role[];
};

/** API keys, for owners; and what a token is, for whoever holds it. */
export type KeyDoors = {
  /** `key` is shown here and never again. */
  create(caller: Caller, draft: KeyDraft): Promise<Result<{ readonly key: string; readonly record: ApiKey }>>;
  list(caller: Caller): Promise<Result<readonly ApiKey[]>>;
  /** Works at once. */
  revoke(caller: Caller, id: string): Promise<Result<undefined>>;
  /** Needs no scope: it tells a caller only about themselves. */
  account(caller: Caller): Promise<Account>;
};

type KeyDeps = { readonly store: Store; readonly routing: RoutingDeps };

export function createKeyDoors(deps: KeyDeps, door: Doorway): KeyDoors {
  return {
    create: door({ scope: 'keys', attempt: 'key.create' }, (caller, draft) => createKey(deps, caller, draft)),
    list: door({ scope: 'keys', attempt: 'key.list' }, (caller) =>
      inRole(deps.routing, deps.store, caller, ['owner'], async () => accept(await deps.store.keys.list(caller.org))),
    ),
    revoke: door({ scope: 'keys', attempt: 'key.revoke' }, (caller, id) => revokeKey(deps, caller, id)),
    account: (caller) => readAccount(deps, caller),
  };
}

async function createKey(deps: KeyDeps, caller: Caller, draft: KeyDraft): ReturnType<KeyDoors['create']> {
  const name = draft.name.trim();
  if (name === '' || name.length > longestKeyName)
    return reject({ code: 'invalid-value', field: 'name', why: `Give 1 to ${longestKeyName} characters.` });
  const email = parseEmail(draft.owner);
  if (email === undefined) return reject({ code: 'invalid-principal', given: draft.owner });
  const scopes = [...new Set(draft.scopes)];
  if (scopes.length === 0) return reject({ code: 'invalid-value', field: 'scopes', why: 'Name at least one scope.' });
  // A key that could make a wider one would have every scope already.
  const missing = scopes.find((scope) => !caller.scopes.has(scope));
  if (missing !== undefined) return reject({ code: 'scope-required', scope: missing });
  const life = draft.expiresIn === undefined ? usualKeyLife : parseDuration(draft.expiresIn);
  if (life === undefined) return reject({ code: 'invalid-duration', given: draft.expiresIn ?? '' });
  if (life > longestKeyLife) return reject({ code: 'over-maximum', asked: life, maximum: longestKeyLife });
  return asOwner(deps, caller, async (tx) => {
    const owner = await tx.person(caller.org, email);
    const made = await tx.keys.add(actorOf(caller), {
      org: caller.org,
      name,
      owner,
      createdBy: caller.person,
      keyMakers: caller.keyMakers ?? [],
      scopes,
      life,
    });
    return made === undefined ? reject({ code: 'too-many', what: 'API keys', maximum: mostKeys }) : accept(made);
  });
}

const revokeKey = (deps: KeyDeps, caller: Caller, id: string): ReturnType<KeyDoors['revoke']> =>
  asOwner(deps, caller, async (tx) =>
    (await tx.keys.revoke(actorOf(caller), caller.org, id)) ? accept(undefined) : reject({ code: 'not-found' }),
  );

async function readAccount({ store, routing }: KeyDeps, { org, person, scopes }: Caller): Promise<Account> {
  const held = await Promise.all(
    roles.map(async (role) => ((await holdsRole(routing, store, org, role, person.email)) === true ? [role] : [])),
  );
  return { org, email: person.email, scopes: [...scopes], roles: held.flat() };
}
