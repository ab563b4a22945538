import type { Email, Org } from '../domain/ids.ts';
import { reject, type Rejection, type Result } from '../domain/result.ts';
import { anyOf, type Truth } from '../domain/truth.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Reads, Role } from './store.ts';

/** Does this person have the role? `unknown` where a directory that would tell does not answer; it must be refused. */
export async function holdsRole(_routing: RoutingDeps, reads: Reads, org: Org, role: Role, person: Email): Promise<Truth> {
  return reads.hasRole(org, role, person);
}

/** Undefined: the caller has one of the roles. */
export async function whyNotInRole(
  routing: RoutingDeps,
  reads: Reads,
  caller: Caller,
  roles: readonly Role[],
): Promise<Rejection | undefined> {
  const held = anyOf(await Promise.all(roles.map((role) => holdsRole(routing, reads, caller.org, role, caller.person.email))));
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
