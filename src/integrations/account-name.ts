import type { Email } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';

/** What an account may be called: safe unquoted nearly everywhere, and short enough that no target cuts it off. */
const safeName = /^[a-z_][a-z0-9_.-]{0,62}$/;
const placeholder = /\{(local|domain)\}/g;

/** Is this a template such as `{local}` or `{local}_{domain}`? It must tell people apart, so it needs `{local}`. */
export const isAccountTemplate = (template: string): boolean =>
  template.includes('{local}') && /^[a-z0-9_.-]*$/.test(template.replace(placeholder, ''));

export const isSafeAccountName = (name: string): boolean => safeName.test(name);

/**
 * The account name of a person: `{local}` is the part before the `@` without its `+tag`, `{domain}` the part after it.
 * Nothing is replaced or cut: a name that would have to be changed could be somebody else's.
 * @param isTaken names that no person may have there
 */
export function accountName(template: string, principal: Email, isTaken: (name: string) => boolean): Result<string> {
  const at = principal.lastIndexOf('@');
  const parts: Record<string, string> = { local: principal.slice(0, at).replace(/\+.*$/, ''), domain: principal.slice(at + 1) };
  const account = parts['local'] === '' ? '' : template.replace(placeholder, (_, part: string) => parts[part] ?? '');
  return isSafeAccountName(account) && !isTaken(account) ? accept(account) : reject({ code: 'account-unusable', account });
}
