import { describeApprovers, openPaths } from '../domain/approval-path.ts';
import type { BreakGlass } from '../domain/break-glass.ts';
import type { AskedRight } from '../domain/command.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import { type Email, type Org, parseEmail, type PreApprovalId } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import { matchPolicies, resourceMatches } from '../domain/policy-match.ts';
import type { PreApproval } from '../domain/pre-approval.ts';
import type { Permission, PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { type Outcome, type Requirements, requirementsOf } from '../domain/route.ts';
import type { Facts } from '../domain/route-facts.ts';
import { smallestAllowed, whyTooLong } from '../domain/settings.ts';
import type { Instant } from '../domain/time.ts';
import type { Truth } from '../domain/truth.ts';
import { inRole } from './authority.ts';
import { wayAround } from './break-glass.ts';
import { findPermission } from './find-permission.ts';
import type { Caller, Integration, Integrations } from './ports.ts';
import type { PolicySet } from './policy-sets.ts';
import { type Cover, coverInItsHours, firstCover } from './pre-approvals.ts';
import { routeBy, type RoutingDeps } from './routing.ts';
import type { Outlook, Reads, Store } from './store.ts';
import { whyNotAsk } from './submit-request.ts';
import { whyTooFew } from './too-few.ts';

/** What somebody might ask for. */
export type Question = {
  readonly requestor: string;
  readonly right: AskedRight;
  readonly reason: string | undefined;
  /** Undefined: the smallest preset. */
  readonly duration: DurationSeconds | undefined;
  /** Undefined: now, by the database's clock. Only of pre-approvals it is known how things stand at another time. */
  readonly at: Instant | undefined;
  /** Tells of no policy but those that match, or may. */
  readonly onlyMatching: boolean;
};

/** `because`: what kept the policy from matching for certain. */
export type Verdict = {
  readonly name: string;
  readonly matches: Truth;
  readonly because: 'disabled' | 'resource' | 'requestor' | null;
};

export type Simulation = {
  readonly outcome: Outcome['kind'];
  /** The policy that settled it; of several, the first. */
  readonly by: string | null;
  /** Who could decide such a request with the reason and the duration it has, in words. */
  readonly approvers: readonly string[];
  readonly requires: Requirements;
  /** The window that would decide it. */
  readonly preApproval: PreApprovalId | null;
  /** Could it be taken at once with a reason, in an emergency, if no review were owed? `by`: the policy that lets it last longest. */
  readonly breakGlass: { readonly possible: Truth; readonly by: string | null; readonly atMost: DurationSeconds | null };
  /** What such a request would be refused for, whatever its principal has and has asked for already. */
  readonly refusal: Rejection | null;
  readonly policies: readonly Verdict[];
};

type SimulateDeps = { readonly store: Store; readonly routing: RoutingDeps; readonly integrations: Integrations };

/** What the policies would make of a request at this moment. Nothing is written. */
export async function simulatePolicy(deps: SimulateDeps, caller: Caller, question: Question): Promise<Result<Simulation>> {
  const { store, routing, integrations } = deps;
  const { org, person } = caller;
  const outlook = caller.outlook ?? (await store.outlook(org, person.email));
  const { roles, ruleRevision } = outlook;
  const reads: Reads = { ...store, ruleRevision: async () => ruleRevision, hasRole: async (_org, role) => roles.includes(role) };
  return inRole(routing, reads, caller, ['owner', 'manager', 'viewer'], async () => {
    const email: Email | undefined = parseEmail(question.requestor);
    if (email === undefined) return reject({ code: 'invalid-principal', given: question.requestor });
    const found = findPermission(integrations, question.right);
    if (!found.ok) return found;
    const seen = await foresee(deps, reads, outlook, { ...question, ...found.value, org, email, requestor: email });
    const { outcome, policies, candidates, facts } = seen;
    return accept({
      outcome: outcome.kind,
      by: settledBy(outcome),
      approvers: seen.approvers,
      requires: requirementsOf(outcome),
      preApproval: seen.cover?.id ?? null,
      breakGlass: inEmergency(wayAround(routing, seen, seen.cover !== undefined)),
      refusal: seen.refusal ?? null,
      policies: question.onlyMatching ? matching(candidates, facts, routing) : verdicts(policies, facts, routing),
    });
  });
}

/** `email`: who would have the access; `requestor`: who would ask for it. */
export type Supposed = Pick<Question, 'reason' | 'duration' | 'at'> & {
  readonly org: Org;
  readonly email: Email;
  readonly requestor: Email;
  readonly permission: Permission;
  readonly integration: Integration;
};

/** What would become of a request, whatever its principal has and has asked for already. Whether the asker may know is asked elsewhere. */
export async function foresee(
  deps: SimulateDeps,
  reads: Reads,
  { settings, hasPreApprovals }: Pick<Outlook, 'settings' | 'hasPreApprovals'>,
  { org, email, requestor, permission, integration, reason, duration, at }: Supposed,
): Promise<{
  readonly outcome: Outcome;
  readonly approvers: readonly string[];
  readonly cover: Cover | undefined;
  /** One that does not decide it at that moment, and will in its hours. */
  readonly inItsHours: PreApproval | undefined;
  readonly refusal: Rejection | undefined;
  readonly policies: PolicySet;
  readonly candidates: readonly Policy[];
  readonly facts: Facts;
}> {
  const { routing } = deps;
  const policies = await routing.policies(reads, org);
  const routed = await routeBy(routing, policies, settings, email, permission);
  const { outcome } = routed;
  const wish = { org, permission, reason, asked: duration ?? smallestAllowed(settings), durationNamed: duration !== undefined };
  const { cover, inItsHours } = hasPreApprovals ? await coverAt(deps, reads, email, wish, outcome, at) : {};
  const isPreapproved = cover !== undefined;
  const offered = { hasReason: reason !== undefined, hasDuration: wish.durationNamed, isPreapproved };
  const paths = outcome.kind === 'ask' ? openPaths(outcome.paths, offered) : [];
  const account = integration.accountOf(email);
  const rules = account.ok ? (whyTooLong(wish.asked, settings) ?? whyNotAsk(outcome, wish, isPreapproved)) : account.rejection;
  const asked = { ...wish, requestor: { email: requestor }, principal: { email } };
  const refusal = rules ?? (isPreapproved ? undefined : await whyTooFew(routing, reads, asked, outcome));
  return { ...routed, policies, cover, inItsHours, refusal, approvers: [...new Set(paths.map(describeApprovers))] };
}

/** Nobody has opened a window for a person whom we have never seen. */
async function coverAt(
  { store, routing }: SimulateDeps,
  reads: Reads,
  email: Email,
  wish: Pick<PermissionRequest, 'org' | 'permission' | 'reason' | 'asked' | 'durationNamed'>,
  outcome: Outcome,
  at: Instant | undefined,
): Promise<{ readonly cover?: Cover | undefined; readonly inItsHours?: PreApproval | undefined }> {
  const principal = outcome.kind === 'ask' ? await store.knownPerson(wish.org, email) : undefined;
  if (principal === undefined) return {};
  const windows = await store.preApprovals.openAt(wish.org, principal.id, wish.permission, at);
  if (windows.length === 0) return {};
  // What the caller's roles are says nothing of whoever opened a window.
  const theirs: Reads = { ...reads, hasRole: (...asked) => store.hasRole(...asked) };
  const request = { ...wish, principal, requestor: principal, keyMakers: [] };
  const now = at ?? (await store.now());
  const cover = await firstCover(routing, theirs, request, outcome, windows, now);
  return cover === undefined ? { inItsHours: await coverInItsHours(routing, theirs, request, outcome, windows, now) } : { cover };
}

function inEmergency(found: BreakGlass): Simulation['breakGlass'] {
  switch (found.kind) {
    case 'may':
      return { possible: true, by: found.policy, atMost: found.atMost };
    case 'unavailable':
      return { possible: 'unknown', by: null, atMost: null };
    case 'denied':
    case 'closed':
      return { possible: false, by: null, atMost: null };
  }
}

function settledBy(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'deny':
    case 'persistent':
    case 'auto':
      return outcome.policy;
    case 'ask':
      return outcome.paths[0]?.policy ?? null;
    case 'none':
    case 'unavailable':
      return null;
  }
}

function matching(candidates: readonly Policy[], { requestor, right }: Facts, { matches }: RoutingDeps): Verdict[] {
  return matchPolicies(candidates, requestor.email, requestor.isMember, right, matches).map(({ policy, truth }) => ({
    name: policy.name,
    matches: truth,
    because: null,
  }));
}

function verdicts(policies: PolicySet, facts: Facts, routing: RoutingDeps): Verdict[] {
  const { right } = facts;
  const truths = new Map(matching(policies.candidates(facts.requestor.email, right), facts, routing).map((each) => [each.name, each]));
  // Only these are worth trying: one pattern after the other takes long.
  const concerned = new Set(policies.concerned(right));
  return policies.all.map((policy) => {
    const { name, resource } = policy;
    const no = (because: Verdict['because']): Verdict => ({ name, matches: false, because });
    if (policy.disabled === true) return no('disabled');
    if (!concerned.has(policy) || !resourceMatches(resource, right, routing.matches)) return no('resource');
    return truths.get(name) ?? no('requestor');
  });
}
