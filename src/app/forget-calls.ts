import type { Store } from './store.ts';

const batch = 1_000;
/** A minute's work: many times what one organisation may call in a minute. */
const mostBatches = 50;

type Forgetful = Pick<Store, 'idempotency' | 'deliveries' | 'accountChanges' | 'home'>;

/** Deletes what was kept of calls and home tabs more than 24 hours ago, and of Slack's deliveries and accounts more than one, in statements that are short. */
export async function forgetCalls({ idempotency, deliveries, accountChanges, home }: Forgetful): Promise<void> {
  for (const kept of [idempotency, deliveries, accountChanges, home.tabs]) {
    for (let done = 0; done < mostBatches; done++) {
      if ((await kept.forget(batch)) < batch) break;
    }
  }
}
