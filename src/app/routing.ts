import { type ApprovalPath, isApprover, openPaths } from '../domain/approval-path.ts';
import { digestOf } from '../domain/digest.ts';
import type { Email } from '../domain/ids.ts';
import type { PatternMatch } from '../domain/policy-match.ts';
import type { GroupRef, Policy } from '../domain/policy.ts';
import { isSelf, type PermissionRequest, type Person } from '../domain/request.ts';
import type { Rejection } from '../domain/result.ts';
import { type Outcome, route } from '../domain/route.ts';
import { approverNeeds, type Facts, type Needs, neededFacts, type RequestorFacts } from '../domain/route-facts.ts';
import { anyOf, type Truth } from '../domain/truth.ts';
import { holdsRole } from './authority.ts';
import type { Caller, Log } from './ports.ts';
import type { Directories, OnCalls } from './ports.ts';
import type { Reads } from './store.ts';

export type RoutingDeps = {
  readonly directories: Directories;
  readonly onCalls: OnCalls;
  readonly matches: PatternMatch;
  readonly log: Log;
};

export type Subject = Pick<PermissionRequest, 'org' | 'principal' | 'permission'>;
/** A request as far as it matters to who may decide it; it need not exist yet. */
export type Decidable = Subject &
  Pick<PermissionRequest, 'requestor' | 'reason' | 'durationNamed'> & {
    /** It is decided by a pre-approval, or a pre-approval for it is being opened. */
    readonly isPreapproved?: boolean;
  };
/** What policies, settings and directories say of a request at this moment. */
export type Router = (reads: Reads, subject: Subject) => Promise<Outcome>;

export function createRouter(deps: RoutingDeps): Router {
  return async (reads, { org, principal, permission }) => {
    const [policies, settings] = await Promise.all([reads.policies(org), reads.settings(org)]);
    const facts = await lookUpFacts(deps, policies, principal.email, permission);
    return route(policies, settings, facts, deps.matches);
  };
}

/** What these policies must know of this person and this right. */
export async function lookUpFacts(
  deps: RoutingDeps,
  policies: readonly Policy[],
  email: Email,
  permission: Subject['permission'],
): Promise<Facts> {
  const right = {
    ...permission,
    attributes: { [permission.accessType]: { name: [permission.resource] }, integration: { name: [permission.integration] } },
  };
  return { requestor: await lookUp(deps, email, neededFacts(policies, email, right, deps.matches)), right };
}

/**
 * The digest that binds a button to what was shown beside it (decision 17): whoever clicks decides about this right,
 * for this person, for this reason, by these rules, or is shown the new picture.
 */
export function pictureDigest(request: PermissionRequest, outcome: Outcome): string {
  const { id, requestor, principal, permission, reason, asked } = request;
  return digestOf({ id, requestor, principal, permission, reason, asked, outcome });
}

/**
 * May this person decide this request now? Undefined: yes. Who made the key that they come with may hold a copy of it, so
 * the maker's own requests are theirs as well: a key is never a second person.
 */
export async function whyNotDecide(
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  outcome: Outcome,
  { person, keyMaker }: Pick<Caller, 'person' | 'keyMaker'>,
): Promise<Rejection | undefined> {
  if (outcome.kind === 'unavailable') return { code: 'unavailable', what: outcome.what };
  const paths = outcome.kind === 'ask' ? usablePaths(request, outcome.paths) : [];
  const allowed = await truthOfAny(deps, reads, request, paths, person);
  if (isSelf(request, person.id) || (keyMaker !== undefined && isSelf(request, keyMaker))) {
    const oneParty = await truthOfAny(
      deps,
      reads,
      request,
      paths.filter((path) => path.options.allowOneParty),
      person,
    );
    return oneParty === true ? undefined : { code: 'own-request' };
  }
  if (allowed === 'unknown') return { code: 'unavailable', what: 'directory' };
  return allowed ? undefined : { code: 'not-approver' };
}

const usablePaths = (request: Decidable, paths: readonly ApprovalPath[]): ApprovalPath[] =>
  openPaths(paths, {
    hasReason: request.reason !== undefined,
    hasDuration: request.durationNamed,
    isPreapproved: request.isPreapproved === true,
  });

async function truthOfAny(
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  paths: readonly ApprovalPath[],
  person: Person,
): Promise<Truth> {
  if (paths.length === 0) return false;
  const facts = await lookUp(deps, person.email, approverNeeds(paths));
  const isReviewer = await holdsRole(deps, reads, request.org, 'manager', person.email);
  return anyOf(paths.map((path) => isApprover(path, { ...facts, isReviewer })));
}

/** Makes the look-ups that pure routing needs. One that fails reads as unknown, which every decision refuses. */
async function lookUp(deps: RoutingDeps, email: Email, needs: Needs): Promise<RequestorFacts> {
  const guarded = async <T>(what: string, ask: () => Promise<T>): Promise<T | 'unknown'> => {
    try {
      return await ask();
    } catch (error) {
      deps.log.warn({ err: error, what }, 'a look-up failed; requests that depend on it are refused');
      return 'unknown';
    }
  };
  const groups = await answers(needs.groups, groupKey, (group) => {
    const directory = deps.directories(group.directory);
    return directory === undefined ? unknown() : guarded(group.directory, () => directory.isMember(group, email));
  });
  const onCalls = await answers(needs.onCalls, onCallKey, ({ integration, services }) => {
    const onCall = deps.onCalls(integration);
    return onCall === undefined ? unknown() : guarded(integration, () => onCall.isOnCall(email, services));
  });
  const profiles = await answers(needs.profiles, profileKey, ({ directory: name, property }) => {
    const directory = deps.directories(name);
    return directory === undefined ? unknown() : guarded(name, () => directory.profileProperty(email, property));
  });
  return {
    email,
    isMember: (group) => known(groups, groupKey(group)),
    isOnCall: (integration, services) => known(onCalls, onCallKey({ integration, services })),
    profile: (directory, property) =>
      profiles.has(profileKey({ directory, property })) ? profiles.get(profileKey({ directory, property })) : 'unknown',
  };
}

const unknown = (): Promise<'unknown'> => Promise.resolve('unknown');
const known = (answered: ReadonlyMap<string, Truth>, key: string): Truth => answered.get(key) ?? 'unknown';
const groupKey = (group: Pick<GroupRef, 'directory' | 'id'>): string => JSON.stringify([group.directory, group.id]);
const onCallKey = (need: Needs['onCalls'][number]): string => JSON.stringify([need.integration, need.services ?? null]);
const profileKey = (need: Needs['profiles'][number]): string => JSON.stringify([need.directory, need.property]);

async function answers<N, T>(needs: readonly N[], keyOf: (need: N) => string, ask: (need: N) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all(needs.map(async (need) => [keyOf(need), await ask(need)] as const)));
}
