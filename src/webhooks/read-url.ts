import { isIP } from 'node:net';
import { accept, reject, type Result } from '../domain/result.ts';
import { longestWebhookUrl } from '../domain/webhook.ts';
import { isPublicAddress } from './public-address.ts';

/** The address in its one spelling (the URL parser knows every way to write an IPv4 address). What a name leads to is seen when it is called. */
export function readUrl(given: string, allowed: ReadonlySet<string>): Result<string> {
  const refuse = (why: string) => reject({ code: 'invalid-value', field: 'url', why });
  const url = URL.parse(given);
  if (url === null) return refuse('Not an address such as https://example.com/hook.');
  const isAllowed = allowed.has(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed)) return refuse('Must begin with https://.');
  if (url.username !== '' || url.password !== '') return refuse('Must not hold a user name or a password.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !isAllowed && !isPublicAddress(host))
    return refuse('Is not on the public Internet. The configuration file can allow the host by name.');
  url.hash = '';
  return url.href.length > longestWebhookUrl ? refuse(`Has more than ${longestWebhookUrl} characters.`) : accept(url.href);
}
