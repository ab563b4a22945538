import { type ApprovalPath, isApprover, openPaths } from '../domain/approval-path.ts';
import { digestOf } from '../domain/digest.ts';
import type { Email } from '../domain/ids.ts';
import type { PatternMatch } from '../domain/policy-match.ts';
import type { GroupRef, Policy } from '../domain/policy.ts';
import { isSelf, type PermissionRequest, type Person } from '../domain/request.ts';
import type { Rejection } from '../domain/result.ts';
import { type Outcome, route } from '../domain/route.ts';
import { approverNeeds, type Facts, type Needs, neededFacts, type RequestorFacts } from '../domain/route-facts.ts';
import type { Settings } from '../domain/settings.ts';
import type { Truth } from '../domain/truth.ts';
import { holdsRole } from './authority.ts';
import type { PolicySet, PolicySets } from './policy-sets.ts';
import type { Caller, Log } from './ports.ts';
import type { Directories, OnCalls } from './ports.ts';
import type { Reads } from './store.ts';

export type RoutingDeps = {
  readonly directories: Directories;
  readonly onCalls: OnCalls;
  readonly matches: PatternMatch;
  readonly policies: PolicySets;
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
  return async (reads, subject) => (await routeByVersion(deps, reads, subject)).outcome;
}

/** What was made of a request, and of which version of the policies. */
export type Routed = { readonly outcome: Outcome; readonly version: string };

export async function routeByVersion(deps: RoutingDeps, reads: Reads, { org, principal, permission }: Subject): Promise<Routed> {
  const [policies, settings] = await Promise.all([deps.policies(reads, org), reads.settings(org)]);
  const { outcome } = await routeBy(deps, policies, settings, principal.email, permission);
  return { outcome, version: policies.version };
}

/** What these policies make of this right for this person, and of what: only those are asked that could speak about it. */
export async function routeBy(
  deps: RoutingDeps,
  policies: PolicySet,
  settings: Settings,
  email: Email,
  permission: Subject['permission'],
): Promise<{ readonly outcome: Outcome; readonly facts: Facts; readonly candidates: readonly Policy[] }> {
  const right = {
    ...permission,
    attributes: { [permission.accessType]: { name: [permission.resource] }, integration: { name: [permission.integration] } },
  };
  const candidates = policies.candidates(email, right);
  const facts = { requestor: await lookUp(deps, email, neededFacts(candidates, email, right, deps.matches)), right };
  const none = candidates.length === 0 && policies.all.length > 0;
  return { outcome: none ? { kind: 'none' } : route(candidates, settings, facts, deps.matches), facts, candidates };
}

/** The names of the policies that an outcome comes from, each once. */
export function policiesOf(outcome: Outcome): readonly string[] {
  if (outcome.kind === 'ask') return [...new Set(outcome.paths.map((path) => path.policy))];
  return 'policy' in outcome ? [outcome.policy] : [];
}

/**
 * The digest that binds a button to what was shown beside it (decision 17): whoever clicks decides about this right,
 * for this person, for this reason, by these rules, or is shown the new picture.
 */
export function pictureDigest(request: PermissionRequest, outcome: Outcome): string {
  const { id, requestor, principal, permission, reason, asked, extension } = request;
  return digestOf({ id, requestor, principal, permission, reason, asked, extension, outcome });
}

/**
 * May this person decide this request now? Undefined: yes. Who made the key that they come with may hold a copy of it, so
 * the maker's own requests are theirs as well: a key is never a second person.
 */
export const whyNotDecide = async (
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  outcome: Outcome,
  caller: Pick<Caller, 'person' | 'keyMaker'>,
): Promise<Rejection | undefined> => (await judgeDecider(deps, reads, request, outcome, caller)).refusal;

/** As {@link whyNotDecide}, and by which policies they may; none where they may not. */
export async function judgeDecider(
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  outcome: Outcome,
  { person, keyMaker }: Pick<Caller, 'person' | 'keyMaker'>,
): Promise<{ readonly refusal: Rejection | undefined; readonly policies: readonly string[] }> {
  const no = (refusal: Rejection) => ({ refusal, policies: [] });
  if (outcome.kind === 'unavailable') return no({ code: 'unavailable', what: outcome.what });
  const isOwn = isSelf(request, person.id) || (keyMaker !== undefined && isSelf(request, keyMaker));
  const paths = usablePaths(request, outcome).filter((path) => !isOwn || path.options.allowOneParty);
  const ways = await waysOf(deps, reads, request, paths, person);
  const policies = [...new Set(ways.flatMap(({ policy, truth }) => (truth === true ? [policy] : [])))];
  if (policies.length > 0) return { refusal: undefined, policies };
  if (isOwn) return no({ code: 'own-request' });
  return no(ways.some(({ truth }) => truth === 'unknown') ? { code: 'unavailable', what: 'directory' } : { code: 'not-approver' });
}

/** The ways to approval whose demands the request meets. */
export const usablePaths = (request: Decidable, outcome: Outcome): ApprovalPath[] =>
  openPaths(outcome.kind === 'ask' ? outcome.paths : [], {
    hasReason: request.reason !== undefined,
    hasDuration: request.durationNamed,
    isPreapproved: request.isPreapproved === true,
  });

async function waysOf(
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  paths: readonly ApprovalPath[],
  person: Person,
): Promise<readonly { readonly policy: string; readonly truth: Truth }[]> {
  if (paths.length === 0) return [];
  const facts = await lookUp(deps, person.email, approverNeeds(paths));
  const isReviewer = await holdsRole(deps, reads, request.org, 'manager', person.email);
  return paths.map((path) => ({ policy: path.policy, truth: isApprover(path, { ...facts, isReviewer }) }));
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
