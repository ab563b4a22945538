/** An answer that may be missing. What could not be asked is `unknown`, and never silently a "no". */
export type Truth = boolean | 'unknown';

export const not = (truth: Truth): Truth => (truth === 'unknown' ? truth : !truth);

export const anyOf = (truths: readonly Truth[]): Truth => {
  if (truths.includes(true)) return true;
  return truths.includes('unknown') ? 'unknown' : false;
};

export const bothOf = (one: Truth, other: Truth): Truth => not(anyOf([not(one), not(other)]));
