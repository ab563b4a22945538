import { RE2JS } from 're2js';

const longestInput = 1024;
/** Some 10 KB each. Twice as many may be held. */
const mostCompiled = 2_000;

/**
 * Unanchored matching of patterns that people write, in linear time whatever the pattern (RE2).
 * @throws for a pattern that cannot be compiled: ignoring it could drop a rule that denies.
 */
export function createPatternMatch(): (pattern: string, text: string) => boolean {
  // Two generations: what was used since the last change stays, the rest goes, and a hit costs one look-up.
  let young = new Map<string, RE2JS>();
  let old = new Map<string, RE2JS>();
  const compiled = (pattern: string): RE2JS => {
    const known = young.get(pattern);
    if (known !== undefined) return known;
    const found = old.get(pattern) ?? RE2JS.compile(pattern);
    if (young.size >= mostCompiled) [old, young] = [young, new Map()];
    young.set(pattern, found);
    return found;
  };
  return (pattern, text) => compiled(pattern).matcher(text.slice(0, longestInput)).find();
}
