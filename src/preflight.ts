import { createServer } from 'node:net';
import type { ConfigReading } from './config.ts';

/** What would stop the start although every setting is well-formed, a sentence each. Nothing is kept open. */
export async function preflight(reading: ConfigReading): Promise<readonly string[]> {
  const listen = reading.ok ? reading.config : reading.listen;
  if (listen === undefined || listen.port === 0) return [];
  const { host, port } = listen;
  const code = await tryPort(host, port);
  switch (code) {
    case undefined:
      return [];
    case 'EADDRINUSE':
      return [`Port ${port} on ${host} is taken by another program. Stop it, or choose another port with PORT.`];
    case 'EACCES':
      return [`Port ${port} may not be opened by this user. Choose one above 1023 with PORT.`];
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return [`HOST names ${host}, which is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all.`];
    default:
      return [`Port ${port} on ${host} cannot be opened (${code}).`];
  }
}

function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
