/** What stands before every listener: repeats are dropped, and what is under way is counted. */
import type { App } from '@slack/bolt';
import type { Log } from '../app/ports.ts';
import { createRecent } from './recent.ts';

const rememberMs = 600_000;
const mostRemembered = 10_000;

export type Deliveries = {
  /** Settles when nothing is under way any more. */
  drained(): Promise<void>;
};

/**
 * Slack has been seen to deliver one thing twice. This drops what this process knows, without a look at the database;
 * what another process knows is met by `first-delivery.ts` after the acknowledgement.
 */
export function watchDeliveries(app: App, log: Log, monotonicMs: () => number): Deliveries {
  const seen = createRecent(rememberMs, mostRemembered, monotonicMs);
  const underWay = new Set<Promise<void>>();
  app.use(async (args) => {
    const key = keyOf(args.body);
    if (key !== undefined && !seen.add(key)) {
      log.info({ key }, 'dropped a delivery that came twice');
      if ('ack' in args && typeof args.ack === 'function') await args.ack();
      return;
    }
    const work = args.next();
    // Only to know when it ends; whoever awaits `work` hears of its failure.
    const ended = work.then(
      () => {},
      () => {},
    );
    underWay.add(ended);
    try {
      await work;
    } finally {
      underWay.delete(ended);
    }
  });
  return {
    async drained() {
      await Promise.all(underWay);
    },
  };
}

/** What is the same for all deliveries of one thing; undefined where a repeat does no harm. */
export function keyOf(body: object): string | undefined {
  const own: Readonly<Record<string, unknown>> = { ...body };
  for (const name of ['event_id', 'trigger_id']) {
    const value = own[name];
    if (typeof value === 'string') return `${name}:${value}`;
  }
  return undefined;
}
