import { startHeartbeat } from '../src/heartbeat.ts';
import { createHandlers } from '../src/serve.ts';
import { startAnalyzeWatch } from '../src/analyze-watch.ts';
import { listenOutbox } from '../src/store/listen.ts';
import { type Engine, quiet } from './engine.ts';

/** As often as the process does. */
export const sweepEveryMs = 5_000;

/** The rights are taken by the workers of the engine, woken by the queue and by a sweep, as in the process. */
export function startWork({ queue, work, store }: Engine): Disposable {
  queue.startWorkers(createHandlers(work, store));
  const report = (error: unknown): void => console.error(error);
  const sweep = setInterval(() => void work.take().catch(report), sweepEveryMs);
  return { [Symbol.dispose]: () => clearInterval(sweep) };
}

/** All that a worker process does, woken as it is: by the queue, by the outbox and by the clock. */
export function startAllWork({ queue, work, store, url, pool }: Engine, stack: AsyncDisposableStack): void {
  queue.startWorkers(createHandlers(work, store));
  stack.use(startAnalyzeWatch(pool, quiet));
  const heartbeat = stack.use(startHeartbeat(work, quiet));
  stack.use(listenOutbox(url, (news) => (news === 'sealed' ? undefined : heartbeat.wake()), quiet));
}
