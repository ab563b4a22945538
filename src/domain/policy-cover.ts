/** Does one policy match wherever another one does? Only what is certain without asking any directory. */
import { canonicalEmail, parseEmail } from './ids.ts';
import type { Effect, GroupRef, PolicyFilter, PolicyRequestor, PolicyResource } from './policy.ts';
import { requestorGroups } from './policy-match.ts';

/** Whom a policy speaks about, as far as that can be compared. `some`: whoever a policy of another kind speaks about. */
export type People =
  | { readonly kind: 'everybody' | 'nobody' | 'some' }
  | { readonly kind: 'user'; readonly mailbox: string }
  | { readonly kind: 'groups'; readonly effect: Effect; readonly keys: ReadonlySet<string> };

export function peopleOf(requestor: PolicyRequestor): People {
  switch (requestor.type) {
    case 'any':
      return { kind: 'everybody' };
    case 'some':
      return { kind: 'some' };
    case 'user': {
      const email = parseEmail(requestor.uid);
      return email === undefined ? { kind: 'nobody' } : { kind: 'user', mailbox: canonicalEmail(email) };
    }
    case 'group': {
      const named = requestorGroups(requestor);
      return named === undefined ? { kind: 'nobody' } : groupsOf(named.groups, named.effect);
    }
    // A person who asks is not an agent.
    case 'agentic':
      return { kind: 'nobody' };
  }
}

/** In none of no groups is everybody. */
export function groupsOf(groups: readonly GroupRef[], effect: Effect): People {
  if (groups.length === 0) return { kind: effect === 'keep' ? 'nobody' : 'everybody' };
  return { kind: 'groups', effect, keys: new Set(groups.map(({ directory, id }) => JSON.stringify([directory, id]))) };
}

/** A `some` policy matches wherever any other does, if its resource does. */
export function coversPeople(wide: People, narrow: People): boolean {
  if (narrow.kind === 'nobody' || wide.kind === 'everybody' || wide.kind === 'some') return true;
  if (wide.kind === 'user') return narrow.kind === 'user' && wide.mailbox === narrow.mailbox;
  if (wide.kind !== 'groups' || narrow.kind !== 'groups' || wide.effect !== narrow.effect) return false;
  return wide.effect === 'keep' ? isSubset(narrow.keys, wide.keys) : isSubset(wide.keys, narrow.keys);
}

const isSubset = (small: ReadonlySet<string>, large: ReadonlySet<string>): boolean => [...small].every((each) => large.has(each));

/** Is a pattern found in every value? False where that is not certain. */
export type FindsAll = (pattern: string) => boolean;

/** What a policy speaks about, ready to be compared with thousands of others; undefined: everything. */
export type Things =
  | { readonly service: string; readonly accessType: string; readonly filters: ReadonlyMap<string, PolicyFilter> }
  | undefined;

export const thingsOf = (resource: PolicyResource): Things =>
  resource.type === 'any'
    ? undefined
    : { service: resource.service, accessType: resource.accessType ?? 'any', filters: new Map(Object.entries(resource.filters ?? {})) };

export function coversThings(wide: Things, narrow: Things, findsAll: FindsAll): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined || wide.service !== narrow.service) return false;
  if (wide.accessType !== 'any' && wide.accessType !== narrow.accessType) return false;
  for (const [name, filter] of wide.filters) {
    const other = narrow.filters.get(name);
    if (other === undefined || !coversFilter(filter, other, findsAll)) return false;
  }
  return true;
}

function coversFilter(wide: PolicyFilter, narrow: PolicyFilter, findsAll: FindsAll): boolean {
  if (wide.effect !== narrow.effect || (wide.key ?? null) !== (narrow.key ?? null)) return false;
  if ((wide.value ?? null) !== (narrow.value ?? null)) return false;
  const pattern = wide.pattern ?? '';
  return pattern === (narrow.pattern ?? '') || wide.effect === 'removeAll' || (wide.effect === 'keep' && findsAll(pattern));
}
