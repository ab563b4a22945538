import { isIP, type LookupFunction } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';

/** Finds all addresses of a name. */
export type Resolve = (hostname: string, told: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** The message is ours, and may be shown. */
export class Forbidden extends Error {
  override readonly name = 'Forbidden';
}

const notPublic = (): Forbidden => new Forbidden('its address is not on the public Internet');

/** What one looks up is what the socket connects to: a name has no second chance to lead elsewhere. */
export const guardLookup =
  (resolve: Resolve, allowed: ReadonlySet<string>): LookupFunction =>
  (hostname, { all }, callback) =>
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error !== null) callback(error, '');
      // One bad address among good ones spoils them all: the socket would go on to the next.
      else if (!allowed.has(hostname) && !addresses.every(({ address }) => isPublicAddress(address))) callback(notPublic(), '');
      else if (first === undefined) callback(Object.assign(new Error('a name without an address'), { code: 'ENOTFOUND' }), '');
      else if (all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });

/** Connects to public addresses with TLS, and to the hosts that are allowed by name. Says so anew at each call: what is allowed may have changed. */
export function guardConnect(resolve: Resolve, allowed: ReadonlySet<string>, timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ lookup: guardLookup(resolve, allowed), timeout: timeoutMs });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    if (allowed.has(host)) return connect(options, callback);
    if (options.protocol !== 'https:') return callback(new Forbidden('its address is not https'), null);
    // A literal address is never looked up.
    if (isIP(host) !== 0 && !isPublicAddress(host)) return callback(notPublic(), null);
    return connect(options, callback);
  };
}
