import { type Finding, type FindingCode, type LintFacts, pathTo, quote, type Severity } from './lint-finding.ts';
import { findsEverything, findsNothing } from './pattern-facts.ts';
import type { Policy, PolicyFilter } from './policy.ts';

/** What a policy's resource names, and what its patterns find. */
export function lintResource({ name: policy, resource }: Policy, index: number, facts: LintFacts): Finding[] {
  const finding = (code: FindingCode, severity: Severity, path: string, text: string): Finding => ({ code, severity, policy, path, text });
  if (resource.type === 'any') {
    const ignored = Object.entries(resource).filter(([member, value]) => member !== 'type' && value !== null && value !== undefined);
    return ignored.map(([member]) =>
      finding(
        'ignored',
        'warning',
        pathTo(index, 'resource', member),
        `With the type "any" it counts for nothing: the policy matches everything.`,
      ),
    );
  }
  const service = facts.hasService(resource.service)
    ? []
    : [
        finding(
          'unknown-service',
          'info',
          pathTo(index, 'resource', 'service'),
          `No integration offers ${quote(resource.service)}, so nobody can ask for it.`,
        ),
      ];
  const filters = Object.entries(resource.filters ?? {}).flatMap(([name, filter]) => {
    const said = lintPattern(filter, facts);
    return said === undefined ? [] : [finding(said.code, said.severity, pathTo(index, 'resource', 'filters', name, 'pattern'), said.text)];
  });
  return [...service, ...filters];
}

const findsAll = 'It is found in every value';
const findsNone = 'It is found in no value, because something stands before "^" or behind "$"';

/** A pattern that was left out asks on purpose only whether there is a value. */
function lintPattern(
  { effect, key, pattern }: PolicyFilter,
  { matches }: LintFacts,
): { readonly code: FindingCode; readonly severity: Severity; readonly text: string } | undefined {
  if (effect === 'removeAll' || typeof key !== 'string' || typeof pattern !== 'string' || matches(pattern, '') === undefined)
    return undefined;
  if (findsEverything(pattern, matches)) {
    const [code, severity] = ['pattern-finds-all', 'warning'] as const;
    return effect === 'keep'
      ? { code, severity, text: `${findsAll}. Patterns are looked for anywhere in a value: "^" and "$" tie them to its ends.` }
      : { code, severity, text: `${findsAll}, so the policy matches only what has none. "removeAll" says that plainly.` };
  }
  if (!findsNothing(pattern)) return undefined;
  const code = 'pattern-finds-nothing';
  return effect === 'keep'
    ? { code, severity: 'error', text: `${findsNone}, so the policy never matches.` }
    : { code, severity: 'warning', text: `${findsNone}, so it excludes nothing.` };
}
