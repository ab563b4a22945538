import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter } from '../app/meter.ts';
import type { Vitals } from '../app/vitals-store.ts';
import { createVitalGauges } from './vital-gauges.ts';

/** What else is looked at when somebody asks. */
export type MetricsDeps = {
  /** @throws where the database does not answer in time */
  readonly vitals: () => Promise<Vitals>;
  readonly queueReachable: () => Promise<boolean>;
  readonly slackReady: () => boolean;
  /** The database's clock less this process', in seconds, when it was last compared. */
  readonly clockSkewSeconds: () => number;
  /** By pool: how many wait for a connection. */
  readonly waiting: () => Readonly<Record<string, number>>;
};

export type Metrics = {
  readonly meter: Meter;
  /** The text that Prometheus reads, and its content type. Says so in `curfew_database_up` where the database is away. */
  read(deps: MetricsDeps): Promise<{ readonly contentType: string; readonly text: string }>;
};

/** From well below the goal for a quiet moment to five minutes, the longest pause between two attempts. */
const latenessBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Metrics of one process. Labels are integrations and fixed words: never a person, a resource or a request. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const lateness = new Histogram({
    name: 'curfew_removal_lateness_seconds',
    help: 'From the moment at which access had to end until the target was seen without it.',
    labelNames: ['integration'] as const,
    buckets: latenessBuckets,
    registers,
  });
  const calls = new Counter({
    name: 'curfew_target_calls_total',
    help: 'Attempts to give or to take a right, by what came of them: observed, refused, lost (it is not known), unsent.',
    labelNames: ['integration', 'wanted', 'outcome'] as const,
    registers,
  });
  const looks = new Counter({
    name: 'curfew_target_looks_total',
    help: 'Looks at a target unasked, at rights that should be there or at all that carries our mark (tagged): read, or failed.',
    labelNames: ['integration', 'what', 'outcome'] as const,
    registers,
  });
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const waiting = new Gauge({
    name: 'curfew_pool_waiting',
    help: 'How many wait for a connection to the database.',
    labelNames: ['pool'] as const,
    registers,
  });
  const databaseUp = gauge('curfew_database_up', '1: the database answered when these figures were asked for.');
  const queueUp = gauge('curfew_queue_up', '1: the queue answered. Without it, the sweep finds what is due within five seconds.');
  const slackReady = gauge('curfew_slack_ready', '1: Slack can reach this process.');
  const skew = gauge('curfew_clock_skew_seconds', "The database's clock less this process'; the database's decides.");
  const vitalGauges = createVitalGauges(registry);
  return {
    meter: {
      looked: (integration, wanted, outcome) => calls.inc({ integration, wanted, outcome }),
      removed: (integration, latenessMs) => lateness.observe({ integration }, Math.max(latenessMs, 0) / 1000),
      watched: (integration, what, outcome) => looks.inc({ integration, what, outcome }),
    },
    async read(deps) {
      const [vitals, reachable] = await Promise.all([deps.vitals().catch(() => undefined), deps.queueReachable().catch(() => false)]);
      databaseUp.set(vitals === undefined ? 0 : 1);
      queueUp.set(reachable ? 1 : 0);
      slackReady.set(deps.slackReady() ? 1 : 0);
      skew.set(deps.clockSkewSeconds());
      for (const [pool, count] of Object.entries(deps.waiting())) waiting.set({ pool }, count);
      vitalGauges.show(vitals);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
