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
  const started = new Map<string, Promise<void>>();
  app.use(async (args) => {
    const key = keyOf(args.body);
    if (key !== undefined && !isSubmission(args.body) && !seen.add(key)) {
      log.info({ key }, 'dropped a delivery that came twice');
      // To acknowledge a step is to say that it is on record. Where the first fails, this one is not acknowledged either.
      if (isStep(args.body)) await started.get(key);
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
    if (key !== undefined) started.set(key, work);
    try {
      await work;
    } catch (error) {
      // What failed was not done: when Slack sends it again, it is tried again.
      if (key !== undefined) seen.forget(key);
      throw error;
    } finally {
      underWay.delete(ended);
      if (key !== undefined) started.delete(key);
    }
  });
  return {
    async drained() {
      await Promise.all(underWay);
    },
  };
}

/** A repeat of these needs the answer of the first; see `submission.ts`. */
const isSubmission = (body: object): boolean => 'type' in body && body.type === 'view_submission';

function isStep(body: object): boolean {
  if (!('event' in body)) return false;
  const { event } = body;
  return typeof event === 'object' && event !== null && 'type' in event && event.type === 'function_executed';
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
