import { type ApprovalPath, isApprover, openPaths } from '../domain/approval-path.ts';
import { digestOf } from '../domain/digest.ts';
import type { Email } from '../domain/ids.ts';
import { withGroupsAsked } from '../domain/next-groups.ts';
import type { PatternMatch, RightFacts } from '../domain/policy-match.ts';
import type { GroupRef, Policy } from '../domain/policy.ts';
import { isSelf, type PermissionRequest, type Person } from '../domain/request.ts';
import type { Rejection } from '../domain/result.ts';
import { inDoubt, type Outcome, route } from '../domain/route.ts';
import {
  approverNeeds,
  type Doubt,
  doubtsOf,
  type Facts,
  firstDoubt,
  type Needs,
  neededFacts,
  type RequestorFacts,
} from '../domain/route-facts.ts';
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

export type Subject = Pick<PermissionRequest, 'org' | 'principal' | 'permission' | 'groupsAsked'>;
/** A request as far as it matters to who may decide it; it need not exist yet. */
export type Decidable = Subject &
  Pick<PermissionRequest, 'requestor' | 'keyMakers' | 'reason' | 'durationNamed'> & {
    /** What was taken at once, whose length nobody waits for any more. */
    readonly breakGlass?: PermissionRequest['breakGlass'];
    /** It is decided by a pre-approval, or a pre-approval for it is being opened. */
    readonly isPreapproved?: boolean;
  };
/** What policies, settings and directories say of a request at this moment. */
export type Router = (reads: Reads, subject: Subject) => Promise<Outcome>;

export function createRouter(deps: RoutingDeps): Router {
  return async (reads, subject) => (await routeByVersion(deps, reads, subject)).outcome;
}

/** What was made of a request, and of which version of the policies; of these, which could speak about it, and what is known for them. */
export type Routed = {
  readonly outcome: Outcome;
  readonly version: string;
  readonly settings: Settings;
  readonly candidates: readonly Policy[];
  readonly facts: Facts;
};

export async function routeByVersion(
  deps: RoutingDeps,
  reads: Reads,
  { org, principal, permission, groupsAsked }: Subject,
): Promise<Routed> {
  const [policies, settings] = await Promise.all([deps.policies(reads, org), reads.settings(org)]);
  const routed = await routeBy(deps, policies, settings, principal.email, permission);
  return { ...routed, outcome: withGroupsAsked(routed.outcome, groupsAsked?.count ?? 0), version: policies.version, settings };
}

/** What these policies make of this right for this person, and of what: only those are asked that could speak about it. */
export async function routeBy(
  deps: RoutingDeps,
  policies: PolicySet,
  settings: Settings,
  email: Email,
  permission: Subject['permission'],
): Promise<{ readonly outcome: Outcome; readonly facts: Facts; readonly candidates: readonly Policy[] }> {
  const right = rightFacts(permission);
  const candidates = policies.candidates(email, right);
  const facts = { requestor: await lookUp(deps, email, neededFacts(candidates, email, right, deps.matches)), right };
  const none = candidates.length === 0 && policies.all.length > 0;
  return { outcome: none ? { kind: 'none' } : route(candidates, settings, facts, deps.matches), facts, candidates };
}

/** What the filters of policies can look at. */
export const rightFacts = (permission: Subject['permission']): RightFacts => ({
  ...permission,
  attributes: { [permission.accessType]: { name: [permission.resource] }, integration: { name: [permission.integration] } },
});

/** The policies of these ways, each once. */
export const policiesBy = (paths: readonly ApprovalPath[]): readonly string[] => [...new Set(paths.map(({ policy }) => policy))];

/** The names of the policies that an outcome comes from, each once. */
export function policiesOf(outcome: Outcome): readonly string[] {
  if (outcome.kind === 'ask') return policiesBy(outcome.paths);
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
 * May this person decide this request now? Undefined: yes. Who made the key that they come with may hold a copy of it, and
 * so may who made the one that the request was submitted with: a key is never a second person.
 */
export const whyNotDecide = async (
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  outcome: Outcome,
  caller: Pick<Caller, 'person' | 'keyMakers'>,
): Promise<Rejection | undefined> => (await judgeDecider(deps, reads, request, outcome, caller)).refusal;

/** As {@link whyNotDecide}, and by which ways they may; none where they may not. */
export async function judgeDecider(
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  outcome: Outcome,
  { person, keyMakers = [] }: Pick<Caller, 'person' | 'keyMakers'>,
): Promise<{ readonly refusal: Rejection | undefined; readonly paths: readonly ApprovalPath[] }> {
  const no = (refusal: Rejection) => ({ refusal, paths: [] });
  if (outcome.kind === 'unavailable') return no(inDoubt(outcome));
  const isOwn = [person.id, ...keyMakers].some((each) => isSelf(request, each) || request.keyMakers.includes(each));
  const paths = usablePaths(request, outcome).filter((path) => !isOwn || path.options.allowOneParty);
  const { ways, doubts } = await waysOf(deps, reads, request, paths, person);
  const open = ways.flatMap(({ path, truth }) => (truth === true ? [path] : []));
  if (open.length > 0) return { refusal: undefined, paths: open };
  if (isOwn) return no({ code: 'own-request' });
  return no(ways.some(({ truth }) => truth === 'unknown') ? inDoubt(firstDoubt(doubts)) : { code: 'not-approver' });
}

/** The ways to approval whose demands the request meets. */
export const usablePaths = (
  request: Pick<Decidable, 'reason' | 'durationNamed' | 'breakGlass' | 'isPreapproved'>,
  outcome: Outcome,
): ApprovalPath[] =>
  openPaths(outcome.kind === 'ask' ? outcome.paths : [], {
    hasReason: request.reason !== undefined,
    hasDuration: request.durationNamed || request.breakGlass !== undefined,
    isPreapproved: request.isPreapproved === true,
  });

async function waysOf(
  deps: RoutingDeps,
  reads: Reads,
  request: Decidable,
  paths: readonly ApprovalPath[],
  person: Person,
): Promise<{ readonly ways: readonly { readonly path: ApprovalPath; readonly truth: Truth }[]; readonly doubts: readonly Doubt[] }> {
  if (paths.length === 0) return { ways: [], doubts: [] };
  const needs = approverNeeds(paths);
  const facts = await lookUp(deps, person.email, needs);
  const isReviewer = await holdsRole(deps, reads, request.org, 'manager', person.email);
  const ways = paths.map((path) => ({ path, truth: isApprover(path, { ...facts, isReviewer }) }));
  const isReviewed = paths.some(({ approvers }) => approvers.kind === 'reviewers');
  const ofRole: readonly Doubt[] = isReviewed && isReviewer === 'unknown' ? [{ what: 'directory', isConfigured: true }] : [];
  return { ways, doubts: [...ofRole, ...doubtsOf(needs, facts)] };
}

/** Said once by a process, and not with every request. */
const missingOnCalls = new WeakMap<Log, Set<string>>();
function sayMissing(log: Log, integration: string): void {
  const said = missingOnCalls.get(log) ?? new Set();
  if (said.has(integration)) return;
  missingOnCalls.set(log, said.add(integration));
  log.warn({ integration }, 'policies name an on-call service that is not configured: nobody is on call through it');
}

/**
 * Makes the look-ups that pure routing needs. One that fails, or that nothing is configured for, reads as unknown, which
 * every decision refuses. Only of an on-call service that is not configured it is certain that nobody is on call through it.
 */
async function lookUp(deps: RoutingDeps, email: Email, needs: Needs): Promise<RequestorFacts> {
  const guarded = async <T>(what: string, ask: () => Promise<T>): Promise<T | 'unknown'> => {
    try {
      return await ask();
    } catch (error) {
      deps.log.warn({ err: error, what }, 'a look-up failed; requests that depend on it are refused');
      return 'unknown';
    }
  };
  const lacking = new Map<string, string>();
  const lacks = (directory: string, group: string | undefined, what: string): 'unknown' => {
    lacking.set(lackKey({ directory, group }), what);
    return 'unknown';
  };
  const groups = await answers(needs.groups, groupKey, async (group): Promise<Truth> => {
    const directory = deps.directories(group.directory);
    if (directory === undefined) return lacks(group.directory, group.id, `The directory ${group.directory}`);
    const told = await guarded(group.directory, () => directory.isMember(group, email));
    return told === 'not-configured' ? lacks(group.directory, group.id, `The group ${group.directory}/${group.id}`) : told;
  });
  const onCalls = await answers(needs.onCalls, onCallKey, async ({ integration, services }): Promise<Truth> => {
    const onCall = deps.onCalls(integration);
    if (onCall !== undefined) return guarded(integration, () => onCall.isOnCall(email, services));
    sayMissing(deps.log, integration);
    return false;
  });
  const profiles = await answers(needs.profiles, profileKey, async ({ directory: name, property }) => {
    const directory = deps.directories(name);
    if (directory === undefined) return lacks(name, undefined, `The directory ${name}`);
    const told = await guarded(name, () => directory.profileProperty(email, property));
    return told === 'not-configured' ? lacks(name, undefined, `The directory ${name}, as far as profiles go,`) : told;
  });
  return {
    email,
    isMember: (group) => known(groups, groupKey(group)),
    isOnCall: (integration, services) => known(onCalls, onCallKey({ integration, services })),
    profile: (directory, property) =>
      profiles.has(profileKey({ directory, property })) ? profiles.get(profileKey({ directory, property })) : 'unknown',
    lacks: (need) => lacking.get(lackKey(need)),
  };
}

const known = (answered: ReadonlyMap<string, Truth>, key: string): Truth => answered.get(key) ?? 'unknown';
const groupKey = (group: Pick<GroupRef, 'directory' | 'id'>): string => JSON.stringify([group.directory, group.id]);
const lackKey = ({ directory, group }: Parameters<RequestorFacts['lacks']>[0]): string => JSON.stringify([directory, group ?? null]);
const onCallKey = (need: Needs['onCalls'][number]): string => JSON.stringify([need.integration, need.services ?? null]);
const profileKey = (need: Needs['profiles'][number]): string => JSON.stringify([need.directory, need.property]);

async function answers<N, T>(needs: readonly N[], keyOf: (need: N) => string, ask: (need: N) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all(needs.map(async (need) => [keyOf(need), await ask(need)] as const)));
}
