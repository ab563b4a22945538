import { type ApprovalChannels, audienceOf, groupsAsked } from '../domain/audience.ts';
import { canonicalEmail, type Email, type Org } from '../domain/ids.ts';
import type { GroupRef } from '../domain/policy.ts';
import type { Place } from '../domain/posting.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Outcome } from '../domain/route.ts';
import { groupNamed } from './authority.ts';
import { type RoutingDeps, usablePaths } from './routing.ts';
import type { Store } from './store.ts';

/** Where the approvers of a request are asked now. Members that cannot be looked up are left to the channel. */
export async function findAudience(
  { directories, log }: Pick<RoutingDeps, 'directories' | 'log'>,
  channels: ApprovalChannels,
  request: PermissionRequest,
  outcome: Outcome,
): Promise<readonly Place[]> {
  const paths = usablePaths(request, outcome);
  const groups = new Map(groupsAsked(paths).map((group) => [keyOf(group), group]));
  const members = new Map<string, readonly Email[]>();
  for (const [key, group] of groups) {
    try {
      const listed = await directories(group.directory)?.members?.(group);
      if (listed !== undefined && listed !== 'not-configured') members.set(key, listed);
    } catch (error) {
      log.warn({ err: error, directory: group.directory }, 'members could not be looked up; they are asked in the channel only');
    }
  }
  return audienceOf(paths, request, channels, (group) => members.get(keyOf(group)));
}

/** Who is to be told directly. `failures`: why somebody may be missing; once they are over, they are to be told too. */
export type ToTell<T> = { readonly told: readonly T[]; readonly failures: readonly unknown[] };

/**
 * Who is told that access was taken without them: those who would have been asked, and all owners. Whoever took it is not told, and
 * of more owners than {@link mostWitnesses} none: then the channel is the better place.
 */
export async function findWitnesses(
  store: Pick<Store, 'roles'>,
  routing: Pick<RoutingDeps, 'directories' | 'log'>,
  channels: ApprovalChannels,
  request: PermissionRequest,
  outcome: Outcome,
): Promise<ToTell<Place>> {
  const asked = await findAudience(routing, channels, request, outcome);
  const known = new Set(
    [request.requestor.email, ...asked.flatMap((place) => (place.kind === 'person' ? [place.email] : []))].map(canonicalEmail),
  );
  const owners = await findOwners(store, routing, request.org);
  const more = owners.told.filter((email) => !known.has(canonicalEmail(email))).map((email): Place => ({ kind: 'person', email }));
  return { told: more.length > mostWitnesses ? asked : [...asked, ...more], failures: owners.failures };
}

/** All owners, each once. `told`: those to be told directly; none where there are more than {@link mostWitnesses}. */
export async function ownersToTell(
  store: Pick<Store, 'roles'>,
  routing: Pick<RoutingDeps, 'directories' | 'log'>,
  org: Org,
): Promise<ToTell<Email> & { readonly all: readonly Email[] }> {
  const { told: all, failures } = await findOwners(store, routing, org);
  return { all, told: all.length > mostWitnesses ? [] : all, failures };
}

const mostWitnesses = 20;

/** By themselves, and through groups as far as their members can be listed. */
async function findOwners(
  store: Pick<Store, 'roles'>,
  { directories, log }: Pick<RoutingDeps, 'directories' | 'log'>,
  org: Org,
): Promise<ToTell<Email>> {
  const owners: Email[] = [];
  const failures: unknown[] = [];
  for (const { role, holder } of await store.roles.list(org)) {
    if (role !== 'owner') continue;
    if (holder.kind === 'user') owners.push(holder.shown);
    else {
      const { directory, id } = groupNamed(holder.group);
      try {
        const listed = await directories(directory)?.members?.({ id });
        if (listed !== undefined && listed !== 'not-configured') owners.push(...listed);
      } catch (error) {
        log.warn({ err: error, directory }, 'members could not be looked up; owners among them are told when they can be');
        failures.push(error);
      }
    }
  }
  return { told: [...new Map(owners.map((email) => [canonicalEmail(email), email])).values()], failures };
}

const keyOf = ({ directory, id }: GroupRef): string => JSON.stringify([directory, id]);
