import { canonicalEmail, parseEmail } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { Role } from '../domain/role.ts';
import { actorOf } from './actor.ts';
import { asOwner, inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { RoleBinding, RoleHolder } from './settings-store.ts';
import type { Store, Transaction } from './store.ts';

/** As it stands in the path: an e-mail address, or a group's name. */
export type NamedHolder = { readonly kind: 'user' | 'group'; readonly name: string };

/** Who has which role. Only owners change that; security reviewers and viewers may look. */
export type RoleDoors = {
  list(caller: Caller): Promise<Result<readonly RoleBinding[]>>;
  /** `made`: false where it was bound already. */
  bind(caller: Caller, role: Role, holder: NamedHolder): Promise<Result<{ readonly made: boolean }>>;
  /** One that is not there is no error. The last owner stays. */
  unbind(caller: Caller, role: Role, holder: NamedHolder): Promise<Result<undefined>>;
};

type Deps = { readonly store: Store; readonly routing: RoutingDeps };

const longestGroup = 200;

export function createRoleDoors(deps: Deps, door: Doorway): RoleDoors {
  const ownersOnly = <T>(caller: Caller, named: NamedHolder, work: (tx: Transaction, holder: RoleHolder) => Promise<Result<T>>) => {
    const holder = readHolder(named);
    if (!holder.ok) return Promise.resolve(holder);
    return asOwner(
      deps,
      caller,
      (tx) => work(tx, holder.value),
      (tx) => tx.roles.lock(),
    );
  };
  return {
    list: door({ scope: 'settings', attempt: 'role.list' }, (caller) =>
      inRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer'], async () => accept(await deps.store.roles.list(caller.org))),
    ),
    bind: door({ scope: 'settings', attempt: 'role.bind' }, (caller, role, named) =>
      ownersOnly(caller, named, async (tx, holder) => accept({ made: await tx.roles.bind(actorOf(caller), caller.org, role, holder) })),
    ),
    unbind: door({ scope: 'settings', attempt: 'role.unbind' }, (caller, role, named) =>
      ownersOnly(caller, named, (tx, holder) => unbind(tx, caller, role, holder)),
    ),
  };
}

function readHolder({ kind, name }: NamedHolder): Result<RoleHolder> {
  if (kind === 'group') {
    if (name === '' || name.length > longestGroup) return reject({ code: 'invalid-value', field: 'group', why: 'Give its name.' });
    return accept({ kind, group: name });
  }
  const email = parseEmail(name);
  return email === undefined ? reject({ code: 'invalid-principal', given: name }) : accept({ kind, email: canonicalEmail(email) });
}

async function unbind(tx: Transaction, caller: Caller, role: Role, holder: RoleHolder): Promise<Result<undefined>> {
  const bindings = (await tx.roles.list(caller.org)).filter((binding) => binding.role === role);
  const isThis = (binding: RoleBinding) => JSON.stringify(binding.holder) === JSON.stringify(holder);
  // A group may have no members, so it is no owner to count on.
  const others = bindings.filter((binding) => binding.holder.kind === 'user' && !isThis(binding));
  if (role === 'owner' && holder.kind === 'user' && bindings.some(isThis) && others.length === 0) return reject({ code: 'last-owner' });
  if (bindings.some((binding) => isThis(binding) && binding.source === 'configuration'))
    return reject({ code: 'invalid-value', field: 'binding', why: 'It comes from the configuration file; take it out there.' });
  await tx.roles.unbind(actorOf(caller), caller.org, role, holder);
  return accept(undefined);
}
