import { type Finding, type LintFacts, pathTo } from '../domain/lint-finding.ts';
import { createLinter } from '../domain/lint-policies.ts';
import type { Policy } from '../domain/policy.ts';
import { accept, type Result } from '../domain/result.ts';
import { inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import { whyNotStorable } from './policy-storable.ts';
import type { Caller, Integrations } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Role, Store } from './store.ts';

/** `complete` is false where there was more to say than a listing holds. */
export type PolicyLint = { readonly findings: readonly Finding[]; readonly complete: boolean };

export type PolicyLintDoors = {
  /** About the stored document, and which version that is. */
  lint(caller: Caller): Promise<Result<PolicyLint & { readonly version: string }>>;
  /** About policies that are not stored; nothing is written. Only for those who review or write policies: it compiles patterns. */
  lintGiven(caller: Caller, rules: readonly Policy[]): Promise<Result<PolicyLint>>;
};

type Deps = { readonly store: Store; readonly routing: RoutingDeps; readonly integrations: Integrations };

const readers: readonly Role[] = ['owner', 'manager', 'viewer'];
const mostFindings = 1_000;
/** Others wait for so many rules at most. */
const rulesAtATime = 10;

export function createPolicyLintDoors(deps: Deps, door: Doorway): PolicyLintDoors {
  const { store, routing } = deps;
  return {
    lint: door({ scope: 'policies', attempt: 'policies.lint' }, (caller) =>
      inRole(routing, store, caller, readers, async () => {
        const { rules, version } = await store.policyBook.document(caller.org);
        return accept({ ...(await lintRules(deps, caller, rules)), version });
      }),
    ),
    lintGiven: door({ scope: 'policies', attempt: 'policies.lint' }, (caller, rules) =>
      inRole(routing, store, caller, ['owner', 'manager'], async () => accept(await lintRules(deps, caller, rules))),
    ),
  };
}

async function lintRules(deps: Deps, caller: Caller, rules: readonly Policy[]): Promise<PolicyLint> {
  const facts = await lookAround(deps, caller);
  const linter = createLinter(rules, facts);
  const findings = [...linter.overall, ...twice(rules)];
  for (const [index, rule] of rules.entries()) {
    if (findings.length > mostFindings) break;
    if (index % rulesAtATime === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    findings.push(...refused(deps, rule, index), ...linter.lint(index));
  }
  return { findings: findings.slice(0, mostFindings), complete: findings.length <= mostFindings };
}

/** What saving would refuse. */
function refused({ routing }: Deps, rule: Policy, index: number): Finding[] {
  const problem = whyNotStorable(routing.matches, rule);
  return problem === undefined ? [] : [refusal(rule, pathTo(index, ...problem.path), problem.why)];
}

function twice(rules: readonly Policy[]): Finding[] {
  const seen = new Set<string>();
  return rules.flatMap((rule, index) => {
    if (seen.has(rule.name)) return [refusal(rule, pathTo(index, 'name'), 'Two rules have the same name.')];
    seen.add(rule.name);
    return [];
  });
}

const refusal = ({ name }: Policy, path: string, text: string): Finding => ({
  code: 'refused',
  severity: 'error',
  policy: name,
  path,
  text,
});

async function lookAround({ store, routing, integrations }: Deps, { org }: Caller): Promise<LintFacts> {
  const reviewers = (await store.roles.list(org)).filter(({ role }) => role === 'manager').map(({ holder }) => holder);
  const services = new Set(integrations.all().map(({ service }) => service));
  return {
    matches(pattern, text) {
      try {
        return routing.matches(pattern, text);
      } catch {
        // It does not compile, which is said by its own finding.
        return undefined;
      }
    },
    hasDirectory: (name) => routing.directories(name) !== undefined,
    hasOnCall: (integration) => routing.onCalls(integration) !== undefined,
    hasService: (service) => services.has(service),
    reviewers: {
      mailboxes: new Set(reviewers.flatMap((holder) => (holder.kind === 'user' ? [holder.email] : []))),
      groups: reviewers.some(({ kind }) => kind === 'group'),
    },
  };
}
