import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from './app/ports.ts';
import type { Config } from './config.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The one HTTP port. Parts are put behind paths as they come up; until then there is nothing there yet. */
export type Door = {
  readonly port: number;
  readonly publicUrl: string;
  /** Gives every path that is `prefix` or lies below it to `handler`; the longest prefix wins, '' takes the rest. */
  serve(prefix: string, handler: Handler): void;
  upgrade(handler: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean): void;
} & AsyncDisposable;

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;

export async function openDoor(config: Pick<Config, 'host' | 'port' | 'publicUrl'>, log: Log): Promise<Door> {
  const routes: { prefix: string; handler: Handler }[] = [];
  const upgrades: ((request: IncomingMessage, socket: Duplex, head: Buffer) => boolean)[] = [];
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, (request, response) => {
    const pathname = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = routes.find(({ prefix }) => prefix === '' || pathname === prefix || pathname.startsWith(`${prefix}/`));
    if (route !== undefined) return route.handler(request, response);
    response.writeHead(503, { 'retry-after': '1' }).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (!upgrades.some((upgrade) => upgrade(request, socket, head))) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      // A connection that could not be accepted concerns nobody else.
      server.on('error', (error) => log.error({ err: error }, 'the HTTP server has a problem'));
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    publicUrl: config.publicUrl ?? `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    serve(prefix, handler) {
      routes.push({ prefix, handler });
      routes.sort((one, other) => other.prefix.length - one.prefix.length);
    },
    upgrade: (handler) => void upgrades.push(handler),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeIdleConnections();
        // What streams for ever (the page's events) would keep the server open for ever.
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}
