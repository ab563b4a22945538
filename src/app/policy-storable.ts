import type { PatternMatch } from '../domain/policy-match.ts';
import type { Policy } from '../domain/policy.ts';

const longestPolicyBytes = 16 * 1024;

/** `path` leads to the member that stands in the way. */
export type Unstorable = { readonly path: readonly string[]; readonly why: string };

/** What the shape alone does not tell. A pattern that does not compile would stop routing, so it is never stored. */
export function whyNotStorable(matches: PatternMatch, policy: Policy): Unstorable | undefined {
  if (Buffer.byteLength(JSON.stringify(policy)) > longestPolicyBytes)
    return { path: ['name'], why: 'The whole policy must be at most 16 KiB.' };
  const broken = patternsOf(policy).find(({ pattern }) => !compiles(matches, pattern));
  return broken === undefined ? undefined : { path: broken.path, why: 'Not a regular expression of RE2, which knows no look-around.' };
}

function compiles(matches: PatternMatch, pattern: string): boolean {
  try {
    matches(pattern, '');
    return true;
  } catch {
    return false;
  }
}

function patternsOf({ requestor, resource }: Policy): { readonly path: readonly string[]; readonly pattern: string }[] {
  const filters = resource.type === 'integration' ? Object.entries(resource.filters ?? {}) : [];
  const subject =
    requestor.type === 'agentic' && requestor.agent.type === 'provider' ? (requestor.agent.subjectPattern ?? undefined) : undefined;
  return [
    ...filters.flatMap(([name, { pattern }]) =>
      pattern === null || pattern === undefined ? [] : [{ path: ['resource', 'filters', name, 'pattern'], pattern }],
    ),
    ...(subject === undefined ? [] : [{ path: ['requestor', 'agent', 'subjectPattern'], pattern: subject }]),
  ];
}
