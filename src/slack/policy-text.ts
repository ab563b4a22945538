import type { Policy } from '../domain/policy.ts';

/** How people write policies: YAML, of the same shape as over the API. */
export type PolicyText = {
  write(policy: Policy): string;
  /** `problem` is a sentence that names the place. */
  read(text: string): { readonly policy: Policy } | { readonly problem: string };
};
