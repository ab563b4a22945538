import net from 'node:net';

/** What goes wrong once the client has sent something in which `when` is found. */
export type Fault = {
  readonly when: string;
  /**
   * `lose`: it arrives and its answer is lost, the connection with it. `drop`: the connection breaks before it arrives.
   * `swallow`: it arrives, and nothing comes back any more. `hold`: it arrives when the test calls `letGo`.
   */
  readonly does: 'lose' | 'drop' | 'swallow' | 'hold';
};

export type FaultProxy = {
  /** The address with this proxy in between. */
  through(url: string): string;
  /** Faults hit once each, in the order of what is sent; new and open connections alike. */
  plan(...faults: readonly Fault[]): void;
  /** All that clients have sent, as text. */
  sent(): string;
  /** Delivers what is held; resolves when the server has answered or hung up. */
  letGo(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A TCP proxy on 127.0.0.1 in front of `upstream`, for what networks do to a call. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(upstream);
  const chunks: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  const held: (() => Promise<void>)[] = [];
  let faults: Fault[] = [];

  const server = net.createServer((client) => {
    const target = net.connect(Number(port), hostname);
    let answers: 'pass' | 'lose' | 'swallow' = 'pass';
    const closeBoth = () => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', closeBoth);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      chunks.push(chunk);
      const fault = faults.find(({ when }) => chunk.includes(when));
      if (!fault) return void target.write(chunk);
      faults = faults.filter((other) => other !== fault);
      if (fault.does === 'drop') return closeBoth();
      if (fault.does === 'hold') {
        held.push(async () => {
          const answered = new Promise<void>((resolve) => {
            target.once('data', () => resolve());
            target.once('close', () => resolve());
          });
          target.write(chunk);
          await answered;
        });
        return undefined;
      }
      answers = fault.does;
      return void target.write(chunk);
    });
    target.on('data', (chunk) => {
      if (answers === 'lose') closeBoth();
      else if (answers === 'pass') client.write(chunk);
    });
    target.on('close', () => client.destroy());
    // What is held must be able to arrive after the client is gone: that is what holding is for.
    client.on('close', () => {
      if (held.length === 0) target.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  return {
    through(url) {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${address.port}`;
      return changed.href;
    },
    plan: (...more) => {
      faults = [...more];
    },
    sent: () => Buffer.concat(chunks).toString('latin1'),
    async letGo() {
      await Promise.all(held.splice(0).map(async (deliver) => deliver()));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
