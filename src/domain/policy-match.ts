/** Does a policy speak about this requestor and this right? (`contract.md` §6.3, §6.4) */
import { type Email, canonicalEmail, parseEmail } from './ids.ts';
import type { Effect, GroupRef, Policy, PolicyFilter, PolicyRequestor, PolicyResource } from './policy.ts';
import type { Permission } from './request.ts';
import { type Truth, anyOf, bothOf, not } from './truth.ts';

/** Unanchored: is the pattern found anywhere in the text? The pattern is known to compile; policies with others are not stored. */
export type PatternMatch = (pattern: string, text: string) => boolean;

/** What a filter can look at: a yes or no (`sudo`), or values by key (`tag`: tag key → tag values). */
export type Attribute = boolean | Readonly<Record<string, readonly string[]>>;

/** What is asked for, with what the integration says about it by filter name. */
export type RightFacts = Permission & { readonly attributes?: Readonly<Record<string, Attribute>> };

export type IsMember = (group: GroupRef) => Truth;

/** Policies come from JSON, where a member may be called `__proto__`. */
const own = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;

/** Two addresses of one mailbox. */
export const sameMailbox = (one: Email, other: Email): boolean => canonicalEmail(one) === canonicalEmail(other);

/** `keep`: a member of any of the groups. `remove`: a member of none. */
export function inGroups(groups: readonly GroupRef[], effect: Effect, isMember: IsMember): Truth {
  const member = anyOf(groups.map(isMember));
  return effect === 'keep' ? member : not(member);
}

/** The groups a policy's requestor names, in today's shape and in the flat one of the first routing rules. */
export function requestorGroups(requestor: PolicyRequestor): { readonly groups: readonly GroupRef[]; readonly effect: Effect } | undefined {
  if (requestor.type !== 'group') return undefined;
  if ('groups' in requestor) return requestor;
  const { directory, id, label } = requestor;
  return { groups: [{ directory, id, label }], effect: 'keep' };
}

/** `some` is answered like `any` here; it needs another policy beside it, see {@link matchPolicies}. */
export function requestorMatches(requestor: PolicyRequestor, email: Email, isMember: IsMember): Truth {
  switch (requestor.type) {
    case 'any':
    case 'some':
      return true;
    case 'user': {
      const uid = parseEmail(requestor.uid);
      return uid !== undefined && sameMailbox(uid, email);
    }
    case 'group': {
      const named = requestorGroups(requestor);
      return named !== undefined && inGroups(named.groups, named.effect, isMember);
    }
    // A person who asks is not an agent.
    case 'agentic':
      return false;
  }
}

export function resourceMatches(resource: PolicyResource, right: RightFacts, matches: PatternMatch): boolean {
  if (resource.type === 'any') return true;
  if (resource.service !== right.service) return false;
  const accessType = resource.accessType ?? 'any';
  if (accessType !== 'any' && accessType !== right.accessType) return false;
  return Object.entries(resource.filters ?? {}).every(([name, filter]) => passes(filter, own(right.attributes, name), matches));
}

function passes(filter: PolicyFilter, attribute: Attribute | undefined, matches: PatternMatch): boolean {
  switch (filter.effect) {
    case 'keep':
      return fits(filter, attribute, matches);
    case 'remove':
      return !fits(filter, attribute, matches);
    case 'removeAll':
      return !has(attribute, filter.key ?? undefined);
  }
}

function has(attribute: Attribute | undefined, key: string | undefined): boolean {
  if (attribute === undefined || typeof attribute === 'boolean' || key === undefined) return attribute !== undefined;
  return own(attribute, key) !== undefined;
}

/** An item without the attribute never fits: `keep` does not match it, `remove` does. */
function fits(filter: PolicyFilter, attribute: Attribute | undefined, matches: PatternMatch): boolean {
  if (attribute === undefined) return false;
  if (typeof attribute === 'boolean') return attribute === filter.value;
  const values = own(attribute, filter.key ?? '');
  const pattern = filter.pattern ?? '';
  return values !== undefined && values.some((value) => matches(pattern, value));
}

export type Matched = { readonly policy: Policy; readonly truth: true | 'unknown' };

/**
 * The enabled policies that match, or may. A `some` policy matches where one that is not `some` does:
 * it adds to what others allow and opens nothing by itself.
 */
export function matchPolicies(
  policies: readonly Policy[],
  email: Email,
  isMember: IsMember,
  right: RightFacts,
  matches: PatternMatch,
): Matched[] {
  const alone = policies
    .filter((policy) => policy.disabled !== true && resourceMatches(policy.resource, right, matches))
    .map((policy) => ({ policy, truth: requestorMatches(policy.requestor, email, isMember) }));
  const anchored = anyOf(alone.filter(({ policy }) => policy.requestor.type !== 'some').map(({ truth }) => truth));
  return alone.flatMap(({ policy, truth }) => {
    const together = policy.requestor.type === 'some' ? bothOf(truth, anchored) : truth;
    return together === false ? [] : [{ policy, truth: together }];
  });
}
