import { vi } from 'vitest';
import { describeMethods } from '../support/method-faults.ts';

/** A tenth of what the queue waits between two tries. */
vi.mock(import('../../src/queue/jobs.ts'), async (original) => {
  const jobs = await original();
  return { ...jobs, retryDelayMs: (attempts) => jobs.retryDelayMs(attempts) / 10 };
});

describeMethods('functions');
