import { canonicalEmail, parseEmail } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { Role } from '../domain/role.ts';
import { actorOf } from './actor.ts';
import { asOwner, inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { AllSettings, RoleBinding, RoleHolder } from './settings-store.ts';
import type { Store, Transaction } from './store.ts';
import { isAmong, type Versions } from './versions.ts';

/** As it stands in the path: an e-mail address, or a group's name. */
export type NamedHolder = { readonly kind: 'user' | 'group'; readonly name: string };

/** Of all settings: bindings are among them. */
type Version = { readonly version: string };

/**
 * Who has which role. Only owners change that; security reviewers and viewers may look. Each change starts from one of the
 * versions `from`, and answers with what the version of all settings is then.
 */
export type RoleDoors = {
  list(caller: Caller): Promise<Result<Pick<AllSettings, 'roles' | 'version'>>>;
  /** `made`: false where it was bound already; the spelling of the address is the last one given. */
  bind(caller: Caller, role: Role, holder: NamedHolder, from?: Versions): Promise<Result<Version & { readonly made: boolean }>>;
  /** One that is not there is no error. The last owner stays. */
  unbind(caller: Caller, role: Role, holder: NamedHolder, from?: Versions): Promise<Result<Version>>;
};

type Deps = { readonly store: Store; readonly routing: RoutingDeps };

type Change<T> = (tx: Transaction, holder: RoleHolder, found: Version) => Promise<Result<T>>;

const longestGroup = 200;
/** Whoever decides may have to be looked for in all of them, groups with their directories included (I16). */
const mostBindings = 1000;

export function createRoleDoors(deps: Deps, door: Doorway): RoleDoors {
  const ownersOnly = <T>(caller: Caller, named: NamedHolder, from: Versions, work: Change<T>) => {
    const holder = readHolder(named);
    if (!holder.ok) return Promise.resolve(holder);
    return asOwner(
      deps,
      caller,
      async (tx) => {
        const found = await tx.jitSettings.lock(caller.org);
        if (!isAmong(found, from)) return reject({ code: 'precondition-failed', current: found.version });
        return work(tx, holder.value, found);
      },
      (tx) => tx.roles.lock(),
    );
  };
  return {
    list: door({ scope: 'settings', attempt: 'role.list' }, (caller) =>
      inRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer'], async () =>
        accept(await deps.store.jitSettings.read(caller.org)),
      ),
    ),
    bind: door({ scope: 'settings', attempt: 'role.bind' }, (caller, role, named, from = 'any') =>
      ownersOnly(caller, named, from, async (tx, holder, { version }) => {
        const bindings = await tx.roles.list(caller.org);
        if (bindings.length >= mostBindings && !bindings.some((each) => each.role === role && isOf(holder, each)))
          return reject({ code: 'too-many', what: 'role bindings', maximum: mostBindings });
        const done = await tx.roles.bind(actorOf(caller), caller.org, role, holder);
        return accept({ made: done === 'bound', version: done === undefined ? version : await tx.jitSettings.count(caller.org) });
      }),
    ),
    unbind: door({ scope: 'settings', attempt: 'role.unbind' }, (caller, role, named, from = 'any') =>
      ownersOnly(caller, named, from, (tx, holder, found) => unbind(tx, caller, role, holder, found)),
    ),
  };
}

function readHolder({ kind, name }: NamedHolder): Result<RoleHolder> {
  if (kind === 'group') {
    if (name === '' || name.length > longestGroup) return reject({ code: 'invalid-value', field: 'group', why: 'Give its name.' });
    return accept({ kind, group: name });
  }
  const email = parseEmail(name);
  return email === undefined
    ? reject({ code: 'invalid-principal', given: name })
    : accept({ kind, email: canonicalEmail(email), shown: email });
}

/** However it is spelled. */
const nameOf = (holder: RoleHolder) => (holder.kind === 'user' ? holder.email : holder.group);
const isOf = (holder: RoleHolder, binding: RoleBinding): boolean =>
  binding.holder.kind === holder.kind && nameOf(binding.holder) === nameOf(holder);

async function unbind(tx: Transaction, caller: Caller, role: Role, holder: RoleHolder, { version }: Version): Promise<Result<Version>> {
  const { org } = caller;
  const bindings = (await tx.roles.list(org)).filter((binding) => binding.role === role);
  const isThis = (binding: RoleBinding) => isOf(holder, binding);
  // A group may have no members, so it is no owner to count on.
  const others = bindings.filter((binding) => binding.holder.kind === 'user' && !isThis(binding));
  if (role === 'owner' && holder.kind === 'user' && bindings.some(isThis) && others.length === 0) return reject({ code: 'last-owner' });
  if (bindings.some((binding) => isThis(binding) && binding.source === 'configuration'))
    return reject({ code: 'invalid-value', field: 'binding', why: 'It comes from the configuration file; take it out there.' });
  const gone = await tx.roles.unbind(actorOf(caller), org, role, holder);
  return accept({ version: gone ? await tx.jitSettings.count(org) : version });
}
