import { lookup, type LookupAddress, type Resolver } from 'node:dns';
import type { Resolve } from './guarded-connect.ts';

/** As the machine itself would look it up, with its hosts file and search domains. */
export const askMachine: Resolve = (hostname, told) =>
  // On an error the addresses are missing, whatever the types say.
  lookup(hostname, { all: true }, (error, addresses) => told(error, error === null ? addresses : []));

/**
 * Asks the name servers. The machine's own look-up takes one of the few threads that all look-ups and files of the process
 * share, for as long as a stranger's name server does not answer: an expiry must not wait for that.
 */
export const askNameServers =
  (resolver: Resolver): Resolve =>
  (hostname, told) =>
    resolver.resolve4(hostname, (noFour, four) =>
      resolver.resolve6(hostname, (noSix, six) => {
        const found = [...toAddresses(noFour, four, 4), ...toAddresses(noSix, six, 6)];
        told(found.length === 0 ? noFour : null, found);
      }),
    );

const toAddresses = (error: Error | null, addresses: readonly string[], family: 4 | 6): LookupAddress[] =>
  error === null ? addresses.map((address) => ({ address, family })) : [];
