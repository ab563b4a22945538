import { methodScopes } from './listened.ts';

/** What this app calls and may not, in the order of the methods. @param granted  as `auth.test` was answered with them */
export const missingScopes = (granted: readonly string[]): readonly string[] =>
  [...new Set(['commands', ...Object.values(methodScopes).flat()])].filter((scope) => !granted.includes(scope));
