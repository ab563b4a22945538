import type { Store } from './store.ts';

const batch = 1_000;
/** A minute's work: many times what one organisation may call in a minute. */
const mostBatches = 50;

/** Deletes what was kept of calls more than 24 hours ago, in statements that are short. */
export async function forgetCalls({ idempotency }: Pick<Store, 'idempotency'>): Promise<void> {
  for (let done = 0; done < mostBatches; done++) {
    if ((await idempotency.forget(batch)) < batch) return;
  }
}
