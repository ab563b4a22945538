import { expect, it, vi } from 'vitest';
import type { Fault } from '../../src/sandbox/slack/faults.ts';
import { describeMethods, giveAccess } from '../support/method-faults.ts';
import { startCurfew } from '../support/running-curfew.ts';

/** A tenth of what the queue waits between two tries. */
vi.mock(import('../../src/queue/jobs.ts'), async (original) => {
  const jobs = await original();
  return { ...jobs, retryDelayMs: (attempts) => jobs.retryDelayMs(attempts) / 10 };
});

describeMethods('auth');

it('auth.test may fail for as long as it likes, and whoever starts waits for it', async () => {
  const fault = { retryAfterSeconds: 600 };
  await using product = await startCurfew({ transport: 'http', before: ({ faults: met }) => met.every('auth.test', fault) });
  const { workspace } = product;
  const taken = vi.spyOn(workspace.faults, 'take');
  const others: readonly Fault[] = [{ status: 500 }, { drop: true }, { lostReply: true }];
  for (const next of others) {
    workspace.faults.every('auth.test', next);
    const before = taken.mock.calls.length;
    await expect.poll(() => taken.mock.calls.length, { timeout: 40_000 }).toBeGreaterThan(before);
  }
  const ready = async () => (await product.api('GET', '/readyz')).status;
  expect(await ready()).not.toBe(200);
  workspace.faults.every('auth.test', undefined);
  await giveAccess(product);
  await expect.poll(ready).toBe(200);
}, 120_000);
