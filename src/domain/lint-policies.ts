/** What is wrong, or looks wrong, with a set of access policies. Nothing is said that is not certain. */
import type { PolicyApproval, Policy } from './policy.ts';
import { type Finding, type FindingCode, type LintFacts, pathTo, quote } from './lint-finding.ts';
import { lintApprovals } from './lint-approvals.ts';
import { lintResource } from './lint-resource.ts';
import { findsEverything } from './pattern-facts.ts';
import { coversPeople, coversThings, type FindsAll, type People, peopleOf, type Things, thingsOf } from './policy-cover.ts';
import { requestorGroups } from './policy-match.ts';

/** An enabled policy at its place, and whom and what it speaks about. */
type Rule = { readonly policy: Policy; readonly index: number; readonly people: People; readonly things: Things };

/** What settles a request before any other approval is looked at, by service. */
type Strongest = Readonly<Record<'deny' | 'persistent', ReadonlyMap<string, readonly Rule[]>>> & { readonly findsAll: FindsAll };

/** Looks at rules one by one, so that whoever lints many can do other things in between. */
export type Linter = {
  /** About all of them together. */
  readonly overall: readonly Finding[];
  lint(index: number): readonly Finding[];
};

export function createLinter(policies: readonly Policy[], facts: LintFacts): Linter {
  const rules = policies.flatMap((policy, index) =>
    policy.disabled === true ? [] : [{ policy, index, people: peopleOf(policy.requestor), things: thingsOf(policy.resource) }],
  );
  const byIndex = new Map(rules.map((rule) => [rule.index, rule]));
  const strongest: Strongest = {
    deny: byService(rules, 'deny'),
    persistent: byService(rules, 'persistent'),
    findsAll: remember((pattern) => findsEverything(pattern, facts.matches)),
  };
  const isSomeAlone = rules.every(({ policy }) => policy.requestor.type === 'some');
  const first = new Map(rules.toReversed().map(({ policy, index }) => [fingerprint(policy), index]));
  return {
    overall: policies.length > 0 && rules.length === 0 ? [nothingEnabled] : [],
    lint(index) {
      const policy = policies[index];
      if (policy === undefined) return [];
      const rule = byIndex.get(index);
      if (rule === undefined) return lintDisabled(policy, index);
      const same = policies[first.get(fingerprint(policy)) ?? index];
      return [
        ...(same === undefined || same === policy ? [] : [duplicate(rule, same)]),
        ...lintRequestor(rule, isSomeAlone, facts),
        ...lintResource(policy, index, facts),
        ...lintReach(rule, strongest, facts),
      ];
    },
  };
}

/** A pattern is compared with those of thousands of rules. */
function remember(ask: FindsAll): FindsAll {
  const known = new Map<string, boolean>();
  return (pattern) => {
    const answer = known.get(pattern) ?? ask(pattern);
    known.set(pattern, answer);
    return answer;
  };
}

const nothingEnabled: Finding = {
  code: 'nothing-enabled',
  severity: 'warning',
  policy: null,
  path: '/rules',
  text: 'All policies are disabled. They still replace the default approvals, so nobody can ask for anything.',
};

/** Rules that have such an approval, by the service they speak about; under "" those that speak about all. */
function byService(rules: readonly Rule[], type: PolicyApproval['type']): ReadonlyMap<string, readonly Rule[]> {
  const found = rules.filter(({ policy }) => policy.approval.some((approval) => approval.type === type));
  return Map.groupBy(found, ({ things }) => things?.service ?? '');
}

function lintDisabled(policy: Policy, index: number): Finding[] {
  if (!policy.approval.some(({ type }) => type === 'deny')) return [];
  const text = 'It is disabled, so it denies nothing.';
  return [{ code: 'disabled-deny', severity: 'warning', policy: policy.name, path: pathTo(index, 'disabled'), text }];
}

const duplicate = ({ policy, index }: Rule, same: Policy): Finding => ({
  code: 'duplicate',
  severity: 'info',
  policy: policy.name,
  path: pathTo(index),
  text: `It says the same as ${quote(same.name)}.`,
});

/** Equal where two policies mean the same by the same words; null counts as absent. */
function fingerprint({ requestor, resource, approval }: Policy): string {
  return JSON.stringify([requestor, resource, approval], (_, value: unknown) =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .filter(([, each]) => each !== null && each !== undefined)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ),
  );
}

function lintRequestor({ policy, index, people }: Rule, isSomeAlone: boolean, facts: LintFacts): Finding[] {
  const finding = (code: FindingCode, severity: Finding['severity'], path: string, text: string): Finding[] => [
    { code, severity, policy: policy.name, path, text },
  ];
  const path = pathTo(index, 'requestor');
  if (policy.requestor.type === 'agentic')
    return finding('never-matches', 'info', path, 'People ask here, and agents do not, so it never matches.');
  if (people.kind === 'nobody') return finding('never-matches', 'warning', path, 'It names nobody, so it never matches.');
  if (people.kind === 'some' && isSomeAlone)
    return finding('never-matches', 'warning', path, 'It only matches beside a policy of another kind, and there is none.');
  const unknown = requestorGroups(policy.requestor)?.groups.find(({ directory }) => !facts.hasDirectory(directory));
  if (unknown === undefined) return [];
  const text = `The directory ${quote(unknown.directory)} is not configured. Whether somebody is in its groups cannot be told, so requests that hang on it are refused.`;
  return finding('unknown-directory', 'error', path, text);
}

/** What comes of its approvals, where something stronger does not settle every request before they are looked at. */
function lintReach(rule: Rule, strongest: Strongest, facts: LintFacts): Finding[] {
  const { policy, index, people, things } = rule;
  if (people.kind === 'nobody') return [];
  const covers = (wide: Rule): boolean => coversThings(wide.things, things, strongest.findsAll) && coversPeople(wide.people, people);
  const covering = (kind: 'deny' | 'persistent'): Policy | undefined => {
    if (policy.approval.some(({ type }) => type === kind)) return policy;
    return (strongest[kind].get('')?.find(covers) ?? (things === undefined ? undefined : strongest[kind].get(things.service)?.find(covers)))
      ?.policy;
  };
  const [denied, given] = [covering('deny'), covering('persistent')];
  const settled = ({ type }: PolicyApproval): string | undefined => {
    if (type === 'deny') return undefined;
    if (denied !== undefined) return `${quote(denied.name)} denies all that it matches`;
    return type === 'persistent' || given === undefined ? undefined : `${quote(given.name)} always grants all that it matches`;
  };
  const reasons = policy.approval.map(settled);
  const unreachable = (path: string, reason: string): Finding[] => [
    { code: 'unreachable', severity: 'warning', policy: policy.name, path, text: `It is never used: ${reason}.` },
  ];
  const [reason] = reasons;
  if (reason !== undefined && reasons.every((each) => each !== undefined)) return unreachable(pathTo(index), reason);
  return [
    ...reasons.flatMap((each, place) => (each === undefined ? [] : unreachable(pathTo(index, 'approval', place), each))),
    ...lintApprovals(
      policy,
      index,
      people,
      reasons.map((each) => each === undefined),
      facts,
    ),
  ];
}
