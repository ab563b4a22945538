import { setTimeout as sleep } from 'node:timers/promises';
import type { DurationSeconds } from '../src/domain/duration.ts';
import type { Engine } from './engine.ts';
import { median, percentile } from './figures.ts';

const rounds = 50;

/**
 * Grants that end one by one, as they do at night: asked, approved, given for a second on a real role, and watched until
 * the target was seen without it. The reference is a bare delayed job of the same queue in the same round.
 */
export async function measureQuiet(engine: Engine): Promise<void> {
  const { useCases, work, queue, pool } = engine;
  const jobLate: number[] = [];
  let onBareJob: (() => void) | undefined;
  queue.startWorkers({
    async due(second) {
      if (onBareJob !== undefined && second === bareSecond) {
        jobLate.push(Date.now() - second * 1000);
        onBareJob();
        return;
      }
      await work.take();
    },
    look: () => Promise.all([work.take(), work.give()]),
    notify: async () => undefined,
    home: async () => undefined,
  });
  let bareSecond = 0;
  const relay = setInterval(() => void work.relay(), 20);
  const sweep = setInterval(() => void work.take(), 5_000);
  const [alice, bob] = await Promise.all([engine.caller('alice'), engine.caller('bob')]);
  const late: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bareSecond = Math.floor(Date.now() / 1000) + 2;
    const bare = new Promise<void>((resolve) => {
      onBareJob = resolve;
    });
    await queue.wake([{ kind: 'due', epochSecond: bareSecond }]);
    await bare;
    onBareJob = undefined;

    const submitted = await useCases.submitRequest(bob, {
      right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
      reason: `round ${round}`,
      duration: 2 as DurationSeconds,
      to: undefined,
    });
    if (!submitted.ok) throw new Error(submitted.rejection.code);
    const { id } = submitted.value.request;
    await useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest: undefined });
    for (;;) {
      const { rows } = await pool.query(
        `select state, extract(epoch from gone_at - end_at) * 1000 as late from grants where request_id = $1`,
        [id],
      );
      if (rows[0]?.state === 'ended') {
        late.push(Number(rows[0].late));
        break;
      }
      if (rows[0]?.state === 'failed') throw new Error('the target refused');
      await sleep(20);
    }
  }
  clearInterval(relay);
  clearInterval(sweep);
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  console.log(
    `  seen gone after the end      p50 ${ms(median(late))}, p99 ${ms(percentile(late, 99))}, worst ${ms(Math.max(...late))} (${late.length} grants)`,
  );
  console.log(
    `  bare delayed job, same queue p50 ${ms(median(jobLate))}, p99 ${ms(percentile(jobLate, 99))}, worst ${ms(Math.max(...jobLate))}`,
  );
  console.log(
    `  ours minus bare, medians     ${ms(median(late) - median(jobLate))}   goal: median within 1 s of the end → ${median(late) <= 1000 ? 'met' : 'MISSED'}`,
  );
}
