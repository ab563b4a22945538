import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { FastifyInstance } from 'fastify';
import { createHttpApp } from '../src/http/server.ts';
import type { Errand } from './callers.ts';
import { type Engine, org, quiet } from './engine.ts';

const unlimited = 1_000_000_000;

/** The API as it ships, but for the rate limits, on a port of 127.0.0.1. Returns its origin. */
export async function serveApi({ useCases }: Engine, stack: AsyncDisposableStack): Promise<string> {
  const health = async () => ({ ready: true, checks: {} });
  const limits = { rateLimit: unlimited, orgRateLimit: unlimited };
  const app = await createHttpApp({ useCases, org, log: quiet, publicUrl: 'http://127.0.0.1', health, ...limits });
  stack.defer(() => app.close());
  return listen(app, stack);
}

/** As the process does it: a server of `node:http` that hands over. */
export const listen = (app: FastifyInstance, stack: AsyncDisposableStack): Promise<string> =>
  listenOn((request, response) => app.routing(request, response), stack);

/** A server on a port of 127.0.0.1. Returns its origin. */
export async function listenOn(listener: RequestListener, stack: AsyncDisposableStack): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => new Promise((resolve) => server.close(() => resolve())));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

export type Sent = { readonly ms: number; readonly cpuUs: number };

/** Whoever calls does it in a thread of their own. Told is how long all calls took together, and what CPU of this thread one cost. */
export function startCaller(stack: AsyncDisposableStack): (errand: Errand) => Promise<Sent> {
  const worker = new Worker(new URL('./callers.ts', import.meta.url));
  stack.defer(async () => void (await worker.terminate()));
  return async (errand) => {
    const before = process.threadCpuUsage();
    const answer = await new Promise<{ ms: number; unexpected: string | undefined }>((resolve, reject) => {
      worker.removeAllListeners('error').once('error', reject);
      worker.once('message', resolve);
      worker.postMessage(errand);
    });
    const { user, system } = process.threadCpuUsage(before);
    if (answer.unexpected !== undefined) throw new Error(`unexpected answer: ${answer.unexpected}`);
    return { ms: answer.ms, cpuUs: (user + system) / errand.calls };
  };
}

export async function makeKey(engine: Engine, owner: string): Promise<string> {
  const made = await engine.useCases.keys.create(await engine.caller('alice'), {
    name: 'bench',
    owner: `${owner}@example.com`,
    scopes: ['policies', 'command'],
    expiresIn: undefined,
  });
  if (!made.ok) throw new Error(made.rejection.code);
  return made.value.key;
}
