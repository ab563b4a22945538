import net from 'node:net';

/** A cable with an address of its own that can be cut, also in one direction only: then what is sent into it is gone, and nobody is told. */
export type Link = {
  readonly port: number;
  /** `there`: what clients send is lost; `back`: the answers are; `both`: connections break, and no new one is made. */
  cut(direction: 'there' | 'back' | 'both'): void;
  /** Whatever had lost something breaks, as it would when the other end resends into the void. */
  mend(): void;
} & AsyncDisposable;

/** @param upstream  where it leads at this moment */
export async function createLink(upstream: () => number): Promise<Link> {
  let cut: 'there' | 'back' | 'both' | undefined;
  const pairs = new Set<{ client: net.Socket; server: net.Socket; lossy: boolean }>();
  const listener = net.createServer((client) => {
    if (cut === 'both') return void client.destroy();
    const server = net.connect(upstream(), '127.0.0.1');
    const pair = { client, server, lossy: false };
    pairs.add(pair);
    const end = (): void => {
      client.destroy();
      server.destroy();
      pairs.delete(pair);
    };
    const carry = (from: net.Socket, to: net.Socket, direction: 'there' | 'back'): void => {
      from.on('data', (chunk) => {
        if (cut !== direction) return void to.write(chunk);
        pair.lossy = true;
      });
      from.on('error', end);
      from.on('close', end);
    };
    carry(client, server, 'there');
    carry(server, client, 'back');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the link has no port');
  const breakAll = (which: (pair: { lossy: boolean }) => boolean): void => {
    for (const pair of pairs) if (which(pair)) pair.client.destroy();
  };
  return {
    port: address.port,
    cut(direction) {
      cut = direction;
      if (direction === 'both') breakAll(() => true);
    },
    mend() {
      cut = undefined;
      breakAll(({ lossy }) => lossy);
    },
    async [Symbol.asyncDispose]() {
      breakAll(() => true);
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

/** The same address by way of the link. */
export function through(url: string, link: Link): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(link.port);
  return changed.href;
}
