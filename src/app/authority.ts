import type { Email, Org } from '../domain/ids.ts';
import { reject, type Rejection, type Result } from '../domain/result.ts';
import { anyOf, type Truth } from '../domain/truth.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Reads, Role, Store, Transaction } from './store.ts';

/**
 * Does this person have the role, by themselves or through a group? `unknown` where a directory that would tell does not
 * answer; it must be refused. Through a group that the configuration does not have, nobody has it. No directory is asked
 * where their own binding settles it.
 */
export async function holdsRole(routing: RoutingDeps, reads: Reads, org: Org, role: Role, person: Email): Promise<Truth> {
  if (await reads.hasRole(org, role, person)) return true;
  const groups = await reads.roles.groups(org, role);
  return anyOf(await Promise.all(groups.map((name) => isInGroup(routing, name, person))));
}

/** A group is named `directory/id`; without a slash it is one of the configuration file. */
export function groupNamed(name: string): { readonly directory: string; readonly id: string } {
  const slash = name.indexOf('/');
  return slash < 0 ? { directory: 'local', id: name } : { directory: name.slice(0, slash), id: name.slice(slash + 1) };
}

async function isInGroup({ directories, log }: RoutingDeps, name: string, person: Email): Promise<Truth> {
  const { directory, id } = groupNamed(name);
  try {
    return (await directories(directory)?.isMember({ id }, person)) === true;
  } catch (error) {
    log.warn({ err: error, directory }, 'a look-up failed; whoever has a role only through it is refused');
    return 'unknown';
  }
}

/** Undefined: the caller has one of the roles. */
export async function whyNotInRole(
  routing: RoutingDeps,
  reads: Reads,
  caller: Pick<Caller, 'org' | 'person'>,
  roles: readonly Role[],
): Promise<Rejection | undefined> {
  const { org, person } = caller;
  // What they have themselves settles it; only then is a directory asked.
  for (const role of roles) if (await reads.hasRole(org, role, person.email)) return undefined;
  const held = anyOf(await Promise.all(roles.map((role) => holdsRole(routing, reads, org, role, person.email))));
  if (held === 'unknown') return { code: 'unavailable', what: 'directory' };
  return held ? undefined : { code: 'role-required', roles };
}

/** Lets through who has one of the roles. */
export async function inRole<T>(
  routing: RoutingDeps,
  reads: Reads,
  caller: Caller,
  roles: readonly Role[],
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const refusal = await whyNotInRole(routing, reads, caller, roles);
  return refusal === undefined ? work() : reject(refusal);
}

/**
 * A change that only owners may make. Whether the caller is one is asked once nobody can change that before the commit: they
 * may have waited here for whoever removed them (I7). It is asked before as well, so that strangers hold nobody up.
 */
export async function asOwner<T>(
  { store, routing }: { readonly store: Store; readonly routing: RoutingDeps },
  caller: Caller,
  work: (tx: Transaction) => Promise<Result<T>>,
  lock: (tx: Transaction) => Promise<void> = (tx) => tx.roles.hold(),
): Promise<Result<T>> {
  return inRole(routing, store, caller, ['owner'], () =>
    store.transaction(async (tx) => {
      await lock(tx);
      return inRole(routing, tx, caller, ['owner'], () => work(tx));
    }),
  );
}
