import net from 'node:net';
import { StartProblem } from './start-problem.ts';

/** @param port  0 for any. @returns the port if it is free on the loopback address, else undefined. */
function tryPort(port: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const server = net.createServer();
  server.once('error', () => resolve(undefined));
  server.listen(port, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
  });
  return promise;
}

/** The asked port or a refusal; else the preferred one if it is free; else any. */
export async function choosePort(asked: number | undefined, preferred: number | undefined): Promise<number> {
  if (asked !== undefined) {
    if ((await tryPort(asked)) !== undefined) return asked;
    throw new StartProblem(`Port ${asked} on 127.0.0.1, where PostgreSQL should listen, is taken or not allowed.`);
  }
  const port = (preferred === undefined ? undefined : await tryPort(preferred)) ?? (await tryPort(0));
  if (port === undefined) throw new StartProblem('There is no free port on 127.0.0.1 for PostgreSQL.');
  return port;
}
