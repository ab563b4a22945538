import { createHandlers } from '../src/serve.ts';
import type { Engine } from './engine.ts';

/** The rights are taken by the workers of the engine, woken by the queue and by a sweep, as in the process. */
export function startWork({ queue, work, store }: Engine): Disposable {
  queue.startWorkers(createHandlers(work, store));
  const report = (error: unknown): void => console.error(error);
  const sweep = setInterval(() => void work.take().catch(report), 1_000);
  return { [Symbol.dispose]: () => clearInterval(sweep) };
}
