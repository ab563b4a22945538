/** What a statement does, in the words of Curfew's own line: so that a process can be told to die at the very step. */

type Statement = { readonly name?: string | undefined; readonly text: string; readonly values?: readonly unknown[] | undefined };

/** By what only they have in their text. */
const own: readonly (readonly [RegExp, string])[] = [
  [/\binsert into requests\b/, 'add-request'],
  [/\binsert into idempotency_keys\b/, 'claim-call'],
  [/\bset state = 'approved'/, 'approve'],
  [/\bset state = 'denied'/, 'deny'],
  [/\bupdate grants set state = 'ending'/, 'end-grant'],
  [/\binsert into panics\b/, 'panic'],
  [/\binsert into posting_attempts\b/, 'attempt-to-post'],
  [/\binsert into audit_chain\b/, 'seal'],
];
const target: readonly (readonly [RegExp, string])[] = [
  [/'GRANT %I TO %I'/, 'grant'],
  [/'REVOKE %I FROM /, 'revoke'],
  [/pg_terminate_backend/, 'finish'],
];

/** The step of Curfew's own database; where it has no name, its first words. */
export function stepOf({ name, text, values }: Statement): string {
  if (name === 'claim-rights') return `claim-rights ${String(values?.[0])}`;
  // What is wanted of each right of the batch.
  if (name === 'settle-rights') return `settle-rights ${[values?.[5]].flat().includes('absent') ? 'take' : 'give'}`;
  return name ?? find(own, text) ?? firstWords(text);
}

/** The program that is run at the target; other looks at it by their first words. */
export const callOf = ({ name, text }: Statement): string => name ?? find(target, text.replaceAll("''", "'")) ?? firstWords(text);

const find = (known: typeof own, text: string): string | undefined => known.find(([mark]) => mark.test(text))?.[1];

const firstWords = (text: string): string => text.trim().toLowerCase().replaceAll('"', '').split(/\s+/).slice(0, 3).join(' ');
