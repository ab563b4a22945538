import type { Find } from './pattern-facts.ts';

/**
 * `error`: requests are refused for it, or saving is. `warning`: it opens or closes something else than it looks like.
 * `info`: it has no effect.
 */
export type Severity = 'error' | 'warning' | 'info';

export const findingCodes = [
  'refused',
  'nothing-enabled',
  'disabled-deny',
  'duplicate',
  'never-matches',
  'unreachable',
  'unknown-directory',
  'unknown-on-call',
  'unknown-service',
  'ignored',
  'pattern-finds-all',
  'pattern-finds-nothing',
  'opens-nothing',
  'no-approver',
  'nobody-can-approve',
  'open-to-all',
  'self-approval',
] as const;
export type FindingCode = (typeof findingCodes)[number];

/** `path` is a JSON pointer into `{ "rules": […] }`; `policy` is null where all of them are meant. */
export type Finding = {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly policy: string | null;
  readonly path: string;
  readonly text: string;
};

/** What is known of the surroundings at this moment. */
export type LintFacts = {
  readonly matches: Find;
  readonly hasDirectory: (name: string) => boolean;
  readonly hasOnCall: (integration: string) => boolean;
  readonly hasService: (service: string) => boolean;
  /** The security reviewers: canonical addresses that are bound themselves, and whether groups are bound too. */
  readonly reviewers: { readonly mailboxes: ReadonlySet<string>; readonly groups: boolean };
};

/** A JSON pointer to a rule, or to something in it. */
export const pathTo = (index: number, ...rest: readonly (string | number)[]): string =>
  ['', 'rules', index, ...rest].map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/');

/** A name as a sentence can hold it. */
export const quote = (name: string): string => JSON.stringify(name.length > 100 ? `${name.slice(0, 99)}…` : name);
