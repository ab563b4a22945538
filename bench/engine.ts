import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Hands } from '../src/app/act-on-rights.ts';
import { createUseCases, createWork } from '../src/app/index.ts';
import { createPolicySets } from '../src/app/policy-sets.ts';
import type { Caller, Integration, Integrations, Log } from '../src/app/ports.ts';
import { createDirectories } from '../src/directories/index.ts';
import type { DurationSeconds } from '../src/domain/duration.ts';
import { parseEmail, parseOrg } from '../src/domain/ids.ts';
import { everyScope } from '../src/domain/scope.ts';
import { createIntegrations } from '../src/integrations/index.ts';
import { createPatternMatch } from '../src/patterns.ts';
import { openQueue } from '../src/queue/open-queue.ts';
import { prepareSampleDatabase } from '../src/sandbox/sample-database.ts';
import { startEmbeddedPostgres } from '../src/sandbox/postgres/start.ts';
import { createMetrics } from '../src/metrics/index.ts';
import { migrate } from '../src/store/database.ts';
import { openStores } from '../src/store/open-stores.ts';
import { bindConfiguredRoles } from '../src/store/configured.ts';
import { createVault } from '../src/store/vault.ts';
import { createWebhookWire } from '../src/webhooks/index.ts';

const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('a constant of the benchmark is not what it must be');
  return value;
};
export const org = must(parseOrg('bench'));
export const email = (name: string) => must(parseEmail(`${name}@example.com`));

export const quiet: Log = {
  info() {},
  warn() {},
  error: (fields, message) => console.error(message, 'err' in fields ? String(fields.err) : fields),
};

const only = (target: Integration): Integrations & AsyncDisposable => ({
  byName: (name) => (name === target.name ? target : undefined),
  all: () => [target],
  [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
});

/** Where an engine has its rows, its target and its jobs. Two that name the same place work together. */
export type Place = {
  readonly url: string;
  readonly sampleUrl: string;
  readonly redisUrl: string | undefined;
  readonly queueName: string;
};

/** The engine as it ships, on a throw-away PostgreSQL: its store, its `pg` integration, its queue. Without Slack and HTTP. */
export async function startEngine(redisUrl: string | undefined, target?: Integration) {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(
    await startEmbeddedPostgres({
      folder: path.join(mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-')), 'pg'),
      spareRoot: os.tmpdir(),
      maxConnections: 200,
    }),
  );
  const sample = await prepareSampleDatabase(server.adminUrl);
  await migrate(server.url, quiet);
  const queueName = `bench-${randomBytes(4).toString('hex')}`;
  const engine = stack.use(await openEngine({ url: server.url, sampleUrl: sample.url, redisUrl, queueName }, target));
  const kept = stack.move();
  return { ...engine, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The same, on a PostgreSQL that is there and has the schema. */
export async function openEngine(place: Place, target?: Integration) {
  await using stack = new AsyncDisposableStack();
  const { url, sampleUrl, redisUrl, queueName } = place;
  const { store, background, db, pool } = stack.use(openStores(url, quiet, { answers: true }));
  await bindConfiguredRoles(db, org, { owner: [email('alice')], manager: [email('alice')] });
  const integrations = stack.use(
    target === undefined
      ? createIntegrations(
          [
            {
              service: 'pg',
              name: 'sample',
              url: sampleUrl,
              roles: ['readonly'],
              user: '{local}',
              createLogins: true,
              drift: 'alert',
              driftEvery: 300 as DurationSeconds,
            },
          ],
          org,
        )
      : only(target),
  );
  const deps = {
    org,
    store,
    integrations,
    vault: createVault(randomBytes(32)),
    webhooks: stack.use(createWebhookWire({ allowHosts: [] })),
    routing: {
      directories: createDirectories([]),
      onCalls: () => undefined,
      matches: createPatternMatch(),
      policies: createPolicySets(),
      log: quiet,
    },
  };
  const queue = stack.use(
    await openQueue(redisUrl === undefined ? { kind: 'postgres', url } : { kind: 'redis', url: redisUrl }, { log: quiet, name: queueName }),
  );
  const hands: Hands = {
    ...deps,
    log: quiet,
    meter: createMetrics().meter,
    stopping: new AbortController().signal,
    monotonicMs: () => performance.now(),
  };
  const silent = {
    post: async () => ({ channel: '', ts: '' }),
    find: async () => undefined,
    redraw: async () => undefined,
    linkTo: async () => undefined,
    tellLinked: async () => undefined,
    drift: { post: async () => ({ channel: 'C', ts: '1' }), find: async () => undefined, redraw: async () => undefined },
    endStep: async () => undefined,
    drawHome: async () => 'gone' as const,
  };
  const work = createWork({
    ...deps,
    background,
    messenger: silent,
    jobs: queue,
    hands,
  });
  const useCases = createUseCases(deps);
  const caller = async (name: string): Promise<Caller> => ({
    org,
    via: 'api',
    scopes: everyScope,
    person: await useCases.identify(org, { provider: 'bench', subject: name, email: email(name) }),
  });
  const kept = stack.move();
  return {
    ...place,
    pool,
    store,
    policies: deps.routing.policies,
    deps,
    queue,
    work,
    useCases,
    caller,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export type Engine = Awaited<ReturnType<typeof startEngine>>;
