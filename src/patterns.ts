import { RE2JS } from 're2js';

const longestInput = 1024;

/**
 * Unanchored matching of patterns that people write, in linear time whatever the pattern (RE2).
 * @throws for a pattern that cannot be compiled: ignoring it could drop a rule that denies.
 */
export function createPatternMatch(): (pattern: string, text: string) => boolean {
  const compiled = new Map<string, RE2JS>();
  return (pattern, text) => {
    const known = compiled.get(pattern) ?? RE2JS.compile(pattern);
    compiled.set(pattern, known);
    return known.matcher(text.slice(0, longestInput)).find();
  };
}
