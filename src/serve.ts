import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Log, OnCall } from './app/ports.ts';
import { startAnalyzeWatch } from './analyze-watch.ts';
import { anchorFile, startAnchors } from './audit-anchors.ts';
import { createRefusalCounter } from './app/count-refusals.ts';
import { createUseCases, createWork } from './app/index.ts';
import { createPolicySets } from './app/policy-sets.ts';
import { createSignInSteps } from './app/sign-in.ts';
import type { Store } from './app/store.ts';
import type { UseCases, Work } from './app/use-cases.ts';
import type { News, Wakes } from './app/waiting-room.ts';
import type { Config } from './config.ts';
import { createDirectories } from './directories/index.ts';
import { createFileDirectories } from './directories/local.ts';
import { openDoor } from './door.ts';
import { startClockWatch } from './clock-watch.ts';
import { backlogCheck, takeBacklogFirst } from './backlog.ts';
import { startHeartbeat } from './heartbeat.ts';
import { createHttpApp } from './http/server.ts';
import { createIntegrations } from './integrations/index.ts';
import { largestSkewMs } from './metrics/check-clock.ts';
import { createMetrics } from './metrics/index.ts';
import { createPatternMatch } from './patterns.ts';
import { startNewerWatch } from './newer-watch.ts';
import { openQueue } from './queue/open-queue.ts';
import type { Handlers } from './queue/workers.ts';
import { createOnCalls } from './on-call/index.ts';
import { createPagerDuty } from './on-call/pagerduty.ts';
import { connectSlack } from './connect-slack.ts';
import { StartProblem } from './sandbox/postgres/start-problem.ts';
import { migrate, ping } from './store/database.ts';
import { openStores, type Stores } from './store/open-stores.ts';
import { verifyDatabase } from './store/audit-verify.ts';
import { isOutage } from './store/outage.ts';
import { listenOutbox } from './store/listen.ts';
import { bindConfiguredRoles, keepToOneOrg, OtherOrg, setBootstrapKey } from './store/configured.ts';
import { startAuditVerification } from './verify-audit.ts';
import { createTokens } from './tokens/index.ts';
import { createSignIn } from './tokens/sign-in.ts';
import { createVault } from './store/vault.ts';
import { createWebhookWire } from './webhooks/index.ts';

/** A running Curfew. Disposing stops it in the reverse of the order it came up in: nothing new is claimed, the doors close, the database goes last. */
export type Running = {
  readonly url: string;
  readonly useCases: UseCases;
  readonly work: Work;
  readonly store: Store;
  readonly pool: pg.Pool;
  /** Present where the local Slack workspace stands in for Slack. */
  readonly workspace: Awaited<ReturnType<typeof connectSlack>>['workspace'];
} & AsyncDisposable;

/** Wires everything together and starts it. `databaseUrl` is where Curfew's own tables are. */
export async function serve(config: Config, databaseUrl: string, log: Log): Promise<Running> {
  await using stack = new AsyncDisposableStack();
  const { store, background, db, pool, waiting } = await openReady(config, databaseUrl, log, stack);
  const integrations = stack.use(
    createIntegrations(
      config.integrations.map((each) => ({ ...each, url: each.url.reveal() })),
      config.org,
    ),
  );
  const deps = {
    org: config.org,
    store,
    integrations,
    vault: createVault(config.secretKey),
    webhooks: stack.use(createWebhookWire({ allowHosts: config.webhooks?.allowHosts ?? [] })),
    routing: {
      directories: createDirectories(createFileDirectories(config.groups)),
      onCalls: createOnCalls(onCallsOf(config)),
      matches: createPatternMatch(),
      policies: createPolicySets(),
      log,
    },
  };
  const tokens = config.issuers === undefined ? undefined : createTokens(config.issuers, log);
  const signIn =
    config.signIn &&
    createSignInSteps({ store, provider: createSignIn({ ...config.signIn, clientSecret: config.signIn.clientSecret.reveal() }, log) });
  const wakes = new Set<(news?: News) => void>();
  const subscribe: Wakes['subscribe'] = (wake) => {
    wakes.add(wake);
    return () => void wakes.delete(wake);
  };
  const useCases = createUseCases({ ...deps, tokens, wakes: { subscribe } });
  const queue = stack.use(
    await openQueue(
      config.queue.kind === 'redis' ? { kind: 'redis', url: config.queue.url.reveal() } : { kind: 'postgres', url: databaseUrl },
      { log },
    ),
  );

  const refusals = createRefusalCounter({ useCases, org: config.org, log });
  // Behind the entrances, which count until they are closed.
  stack.defer(() => refusals.write());
  const door = stack.use(await openDoor(config, log));
  const slack = stack.use(
    await connectSlack(config, door, { ...deps, useCases, refusals, signIn, log }).catch(
      because('Slack cannot be used. Is SLACK_BOT_TOKEN right, and Slack within reach?'),
    ),
  );
  const metrics = createMetrics();
  const clock = stack.use(startClockWatch({ databaseNow: () => store.now(), nowMs: Date.now, log }));
  /** Set once there is work; a process that only answers takes none. */
  let isBacklogTaken = () => false;
  const health = async () => {
    const database = await ping(db).then(
      () => true,
      () => false,
    );
    const reachable = (await queue.status()).reachable;
    const waits = database ? await store.backlog().catch(() => undefined) : undefined;
    const checks = {
      database: { ok: database },
      queue: { ok: true, detail: reachable ? 'reachable' : 'away: the sweep does without it' },
      slack: { ok: slack.isReady() },
      clock: clockCheck(clock.skewSeconds()),
      backlog: backlogCheck(isBacklogTaken(), waits),
    };
    return { ready: database && slack.isReady() && isBacklogTaken(), checks };
  };
  const api = await createHttpApp({
    useCases,
    org: config.org,
    log,
    publicUrl: door.publicUrl,
    frontPage: slack.page,
    health,
    login: config.login,
    refusals,
    isOutage,
    metrics: config.metricsToken && {
      token: config.metricsToken.reveal(),
      read: () =>
        metrics.read({
          vitals: () => store.vitals(),
          queueReachable: async () => (await queue.status()).reachable,
          slackReady: () => slack.isReady(),
          clockSkewSeconds: () => clock.skewSeconds(),
          waiting,
        }),
    },
    link: signIn && { steps: signIn },
  });
  stack.defer(() => api.close());
  door.serve('', (request, response) => api.routing(request, response));
  await slack.start().catch(because('Slack cannot be listened to. Is SLACK_APP_TOKEN right?'));

  const stopping = new AbortController();
  const hands = { ...deps, log, meter: metrics.meter, stopping: stopping.signal, monotonicMs: () => performance.now() };
  const backlog = takeBacklogFirst(
    createWork({
      ...deps,
      background,
      messenger: slack.messenger,
      escalateAfter: config.onCall?.escalateAfter,
      channels: config.slackChannels.byPolicy,
      jobs: queue,
      hands,
    }),
    { ...deps, isOutage },
  );
  const { work } = backlog;
  isBacklogTaken = () => !config.roles.has('worker') || backlog.isTaken();
  if (config.roles.has('worker')) {
    queue.startWorkers(createHandlers(work, store));
    // Before the heartbeat, so that at the end it writes down what that sealed last.
    stack.use(startAnchors({ file: anchorFile(config.dataDir), secretKey: config.secretKey, heads: () => store.audit.heads(), log }));
    stack.use(
      startAuditVerification({
        checks: store.auditChecks,
        verify: (anchors, between) => verifyDatabase(db, anchors, between),
        anchorFile: anchorFile(config.dataDir),
        secretKey: config.secretKey,
        log,
      }),
    );
    stack.use(startNewerWatch(() => store.newer(), log));
    stack.use(startAnalyzeWatch(pool, log));
    const heartbeat = stack.use(startHeartbeat(work, log));
    subscribe((news) => (news === 'sealed' ? undefined : heartbeat.wake()));
  }
  stack.use(listenOutbox(databaseUrl, (news) => wakes.forEach((wake) => wake(news)), log));
  stack.defer(() => stopping.abort());
  const running = stack.move();
  return {
    url: door.publicUrl,
    useCases,
    work,
    store,
    pool,
    workspace: slack.workspace,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function clockCheck(skewSeconds: number): { ok: boolean; detail?: string } {
  const isOff = Math.abs(skewSeconds) * 1000 > largestSkewMs;
  return isOff ? { ok: false, detail: `${skewSeconds.toFixed(1)} s off the database's: what is due is decided by that one` } : { ok: true };
}

function onCallsOf({ onCall }: Config): readonly OnCall[] {
  if (onCall === undefined) return [];
  const { token, routingKeys, ...addresses } = onCall.pagerduty;
  const revealed = new Map(Object.entries(routingKeys).map(([service, key]) => [service, key.reveal()]));
  return [createPagerDuty({ ...addresses, token: token.reveal(), routingKeys: revealed })];
}

const databaseLost = because('The database went away during the start.');

async function openReady(config: Config, url: string, log: Log, stack: AsyncDisposableStack): Promise<Stores> {
  const stores = stack.use(openStores(url, log, { answers: config.roles.has('web') }));
  const { db } = stores;
  await migrate(url, log).catch(because('The database cannot be used. Is DATABASE_URL right, and the server up?'));
  await keepToOneOrg(db, config.org).catch((error: unknown) => {
    if (error instanceof OtherOrg) throw new StartProblem(error.message, { cause: error });
    return databaseLost(error);
  });
  await bindConfiguredRoles(db, config.org, { owner: config.owners, manager: config.reviewers }).catch(databaseLost);
  const [firstOwner] = config.owners;
  // A worker is often started without the key that only the API needs, and must not take it from the others.
  if (firstOwner !== undefined && config.roles.has('web'))
    await setBootstrapKey(db, config.org, firstOwner, config.bootstrapKey?.reveal()).catch(databaseLost);
  return stores;
}

/** Turns a fault at the start into a sentence that says what to look at. */
function because(sentence: string): (error: unknown) => never {
  return (error) => {
    throw new StartProblem(error instanceof Error && error.message !== '' ? `${sentence} (${error.message})` : sentence, { cause: error });
  };
}

/** What the queue's workers do. */
export function createHandlers(work: Work, store: Store): Handlers {
  return {
    async due(epochSecond) {
      // The alarm rang by this process' clock; what is due is decided by the database's, which may be a little behind.
      const early = epochSecond * 1000 - (await store.now());
      if (early > 0) await sleep(Math.min(early, 2_000));
      await Promise.all([work.take(), work.turnHours()]);
    },
    look: () => Promise.all([work.take(), work.give()]),
    notify: (id) => work.notify(id),
    home: (account) => work.drawHome(account),
  };
}
