import type { Desk } from './desk.ts';

/** A mention stands for the address of its person. One that cannot be looked up stays, and is refused as an address. */
export function withAddresses(desk: Desk, argv: readonly string[]): Promise<string[]> {
  return Promise.all(
    argv.map(async (word) => {
      const userId = /^<@([A-Z0-9]{3,30})(?:\|[^>]*)?>$/.exec(word)?.[1];
      return (userId === undefined ? undefined : await desk.identities.addressOf(userId)) ?? word;
    }),
  );
}
