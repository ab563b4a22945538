import { describeApprovers, openPaths } from '../domain/approval-path.ts';
import type { AskedRight } from '../domain/command.ts';
import { type Email, parseEmail } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import { matchPolicies, resourceMatches } from '../domain/policy-match.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { type Outcome, type Requirements, requirementsOf, route } from '../domain/route.ts';
import type { Facts } from '../domain/route-facts.ts';
import type { Truth } from '../domain/truth.ts';
import { inRole } from './authority.ts';
import { findPermission } from './find-permission.ts';
import type { Caller, Integrations } from './ports.ts';
import { lookUpFacts, type RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

/** What somebody might ask for. */
export type Question = {
  readonly requestor: string;
  readonly right: AskedRight;
  readonly hasReason: boolean;
  readonly hasDuration: boolean;
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
  readonly policies: readonly Verdict[];
};

type SimulateDeps = { readonly store: Store; readonly routing: RoutingDeps; readonly integrations: Integrations };

/** What the policies would make of a request at this moment. Nothing is written. */
export async function simulatePolicy(deps: SimulateDeps, caller: Caller, question: Question): Promise<Result<Simulation>> {
  const { store, routing, integrations } = deps;
  return inRole(routing, store, caller, ['owner', 'manager', 'viewer'], async () => {
    const email: Email | undefined = parseEmail(question.requestor);
    if (email === undefined) return reject({ code: 'invalid-principal', given: question.requestor });
    const found = findPermission(integrations, question.right);
    if (!found.ok) return found;
    const [policies, settings] = await Promise.all([store.policies(caller.org), store.settings(caller.org)]);
    const facts = await lookUpFacts(routing, policies, email, found.value.permission);
    const outcome = route(policies, settings, facts, routing.matches);
    const paths = outcome.kind === 'ask' ? openPaths(outcome.paths, { ...question, isPreapproved: false }) : [];
    return accept({
      outcome: outcome.kind,
      by: settledBy(outcome),
      approvers: [...new Set(paths.map(describeApprovers))],
      requires: requirementsOf(outcome),
      policies: verdicts(policies, facts, routing),
    });
  });
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

function verdicts(policies: readonly Policy[], { requestor, right }: Facts, { matches }: RoutingDeps): Verdict[] {
  const matched = matchPolicies(policies, requestor.email, requestor.isMember, right, matches);
  const truths = new Map(matched.map(({ policy, truth }) => [policy.name, truth]));
  return policies.map((policy) => {
    const { name } = policy;
    if (policy.disabled === true) return { name, matches: false, because: 'disabled' };
    if (!resourceMatches(policy.resource, right, matches)) return { name, matches: false, because: 'resource' };
    const truth = truths.get(name);
    return truth === undefined ? { name, matches: false, because: 'requestor' } : { name, matches: truth, because: null };
  });
}
