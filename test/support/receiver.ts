import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Received = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

/** A server that keeps what it is sent, and answers 204 unless told otherwise. With `tls` it speaks https. */
export async function startReceiver(tls?: { readonly cert: string; readonly key: string }) {
  const received: Received[] = [];
  const answers: ((response: ServerResponse) => void)[] = [];
  const arrivals = new Set<() => void>();
  let connections = 0;
  const take: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.once('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const answer = answers.shift();
      if (answer === undefined) response.writeHead(204).end();
      else answer(response);
      for (const arrived of arrivals) arrived();
    });
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  return {
    port,
    url: `http://127.0.0.1:${port}/hook`,
    received,
    /** How the next calls are answered, in order; a number is a status. */
    next(...more: (number | ((response: ServerResponse) => void))[]) {
      for (const answer of more)
        answers.push(typeof answer === 'number' ? (response) => response.writeHead(answer).end('why not') : answer);
    },
    /** Waits until so many calls arrived. */
    arrived: (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (received.length < count) return;
          arrivals.delete(look);
          resolve();
        };
        arrivals.add(look);
        look();
      }),
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
