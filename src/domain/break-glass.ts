/** Access that somebody takes at once where people would have to decide. It is short, is never extended, and owes a review (decision 18). */
import { type DurationSeconds, toSeconds } from './duration.ts';
import type { Policy, PolicyApproval } from './policy.ts';
import type { PatternMatch } from './policy-match.ts';
import { entriesOf } from './route.ts';
import { type Doubt, type Facts, whatIsUnknown } from './route-facts.ts';

/** No policy lets anybody take more. */
export const longestBreakGlass: DurationSeconds = toSeconds({ time: 1, unit: 'h' });
export const longestBreakGlassMinutes = longestBreakGlass / 60;

export type BreakGlass =
  /** `policy`: the one of `policies` that lets it last longest; the first of several. */
  | { readonly kind: 'may'; readonly policy: string; readonly policies: readonly string[]; readonly atMost: DurationSeconds }
  | { readonly kind: 'denied'; readonly policy: string }
  /** No policy lets this person take this. */
  | { readonly kind: 'closed' }
  /** Something that would make a difference could not be looked up. */
  | ({ readonly kind: 'unavailable' } & Doubt);

/**
 * May this requestor take this right at once? Only what certainly matches opens it, and whatever may deny it keeps it shut.
 * Who approves, and who is on call, makes no difference: it is there for the moment in which they cannot be reached.
 */
export function breakGlassBy(policies: readonly Policy[], facts: Facts, matches: PatternMatch): BreakGlass {
  const entries = entriesOf(policies, facts, matches);
  const unavailable = (): BreakGlass => ({ kind: 'unavailable', ...whatIsUnknown(policies, facts, matches) });
  const denials = entries.filter(({ approval, matched }) => approval.type === 'deny' && matched !== false);
  const certain = denials.find(({ matched }) => matched === true);
  if (certain !== undefined) return { kind: 'denied', policy: certain.policy };
  if (denials.length > 0) return unavailable();
  const ways = entries.flatMap(({ approval, matched, policy }) => {
    const atMost = mostOf(approval);
    return atMost === undefined || matched === false ? [] : [{ policy, matched, atMost }];
  });
  const open = ways.filter(({ matched }) => matched === true).toSorted((one, other) => other.atMost - one.atMost);
  const [longest] = open;
  if (longest !== undefined)
    return { kind: 'may', policy: longest.policy, policies: [...new Set(open.map(({ policy }) => policy))], atMost: longest.atMost };
  return ways.length > 0 ? unavailable() : { kind: 'closed' };
}

/** How long access lasts at most that is taken instead of waiting for this approval. Undefined: it has to be waited for, or need not be. */
function mostOf({ type, options }: PolicyApproval): DurationSeconds | undefined {
  const breakGlass = options?.breakGlass ?? undefined;
  if (breakGlass === undefined || type === 'deny' || type === 'persistent' || type === 'auto') return undefined;
  const minutes = Math.min(breakGlass.maxMinutes ?? longestBreakGlassMinutes, longestBreakGlassMinutes);
  return toSeconds({ time: minutes, unit: 'm' });
}
