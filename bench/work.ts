import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';

/** The rights are taken by the workers of the engine, woken by the queue and by a sweep, as in the process. */
export function startWork({ queue, work, store }: Engine): Disposable {
  queue.startWorkers({
    async due(epochSecond) {
      const early = epochSecond * 1000 - (await store.now());
      if (early > 0) await sleep(Math.min(early, 2_000));
      await work.take();
    },
    look: () => Promise.all([work.take(), work.give()]),
    notify: (id) => work.notify(id),
  });
  const report = (error: unknown): void => console.error(error);
  const sweep = setInterval(() => void work.take().catch(report), 1_000);
  return { [Symbol.dispose]: () => clearInterval(sweep) };
}
