import { randomBytes } from 'node:crypto';
import type { Hands } from '../../src/app/act-on-rights.ts';
import { createUseCases, createWork } from '../../src/app/index.ts';
import { createPolicySets } from '../../src/app/policy-sets.ts';
import type { Caller, Integration, Job, Jobs, Log, MessageRef, Messenger, OnCalls, Picture } from '../../src/app/ports.ts';
import { createDirectories } from '../../src/directories/index.ts';
import { createFileDirectories } from '../../src/directories/local.ts';
import type { DriftPlace } from '../../src/app/drift-notices-store.ts';
import type { DriftReport } from '../../src/domain/drift.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { parseEmail, parseOrg, type RequestId } from '../../src/domain/ids.ts';
import type { Posting, Slot } from '../../src/domain/posting.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { createMetrics } from '../../src/metrics/index.ts';
import { createPatternMatch } from '../../src/patterns.ts';
import { migrate, openDatabase, openLane } from '../../src/store/database.ts';
import { createStore } from '../../src/store/index.ts';
import { createVault } from '../../src/store/vault.ts';
import { createWebhookWire, type WireOptions } from '../../src/webhooks/index.ts';
import { fakeTarget } from './fake-target.ts';
import { testDatabase } from './postgres.ts';
import { tellAgain } from './tell-again.ts';

export const email = (text: string) => {
  const parsed = parseEmail(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};
const parsedOrg = parseOrg('demo');
if (parsedOrg === undefined) throw new Error('demo is no slug');
export const org = parsedOrg;

/** The application on a database of its own, with a target and a messenger in memory. Nothing runs by itself: tests call `work`. */
export async function createWorld({
  besides = [],
  receivers = { allowHosts: [] },
  onCalls = () => undefined,
  escalateAfter,
  prepare,
}: {
  besides?: readonly Integration[];
  receivers?: WireOptions;
  onCalls?: OnCalls;
  escalateAfter?: DurationSeconds;
  /** What is in the database before the schema is brought up to date: an earlier release's. */
  prepare?: (url: string) => Promise<void>;
} = {}) {
  const database = await testDatabase();
  const lines: { level: string; fields: object; message: string }[] = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Log = { info: line('info'), warn: line('warn'), error: line('error') };
  const { db, pool } = openDatabase(database.url, log);
  await prepare?.(database.url);
  await migrate(database.url, log);
  const removals = openLane(database.url, log, 'removals');
  const gives = openLane(database.url, log, 'gives');
  // As the configuration would bind them, but without the events: the audit log of a world begins empty.
  await pool.query(`insert into role_bindings (org, role, canonical, source) values
    ('demo', 'owner', 'alice@example.com', 'configuration'), ('demo', 'manager', 'alice@example.com', 'configuration'),
    ('demo', 'manager', 'carol@example.com', 'configuration')`);
  const target = fakeTarget();
  const all = [target, ...besides];
  const store = createStore({ db, pool, removals, gives });
  const members = [email('carol@example.com'), email('dave@example.com')];
  const directories = createDirectories(createFileDirectories([{ directory: 'local', id: 'platform', label: 'Platform team', members }]));
  const deps = {
    org,
    store,
    background: store,
    integrations: { all: () => all, byName: (name: string) => all.find((each) => each.name === name) },
    vault: createVault(randomBytes(32)),
    webhooks: createWebhookWire(receivers),
    routing: { directories, onCalls, matches: createPatternMatch(), policies: createPolicySets(), log },
  };
  const woken: Job[] = [];
  const jobs: Jobs = { wake: async (more) => void woken.push(...more) };
  const posted: (Posting & { under: MessageRef | undefined; ts: string; picture: Picture; redrawn: number })[] = [];
  const driftTold: { notice: string; place: DriftPlace; report: DriftReport; redrawn: number }[] = [];
  const messenger: Messenger & { failing: Set<Slot> } = {
    failing: new Set(),
    async post({ slot, to, round }, picture, under) {
      if (messenger.failing.has(slot)) throw new Error('Slack is away');
      posted.push({ slot, to, round, under, ts: String(posted.length), picture, redrawn: 0 });
      return { channel: 'C', ts: String(posted.length - 1) };
    },
    find: async () => undefined,
    async redraw({ slot }, ref, picture) {
      if (messenger.failing.has(slot)) throw new Error('Slack is away');
      const message = posted[Number(ref.ts)];
      if (message === undefined) throw new Error('redrawn before it was posted');
      Object.assign(message, { picture, redrawn: message.redrawn + 1 });
    },
    linkTo: async () => undefined,
    tellLinked: async () => undefined,
    drift: {
      async post(notice, place, report, witness) {
        await witness.begin('C');
        driftTold.push({ notice, place, report, redrawn: 0 });
        return { channel: 'C', ts: String(driftTold.length) };
      },
      find: async () => undefined,
      async redraw({ ts }, report, ready) {
        await ready();
        const message = driftTold[Number(ts) - 1];
        if (message === undefined) throw new Error('redrawn before it was posted');
        Object.assign(message, { report, redrawn: message.redrawn + 1 });
      },
    },
    endStep: async () => undefined,
    drawHome: async () => 'gone',
  };
  const metrics = createMetrics();
  const hands: Hands = { ...deps, log, meter: metrics.meter, stopping: new AbortController().signal, monotonicMs: () => performance.now() };
  const work = createWork({ ...deps, messenger, jobs, hands, escalateAfter });
  const useCases = createUseCases(deps);
  return {
    database,
    db,
    pool,
    removals,
    store,
    target,
    deps,
    hands,
    metrics,
    work: {
      ...work,
      notify: (id: RequestId) => tellAgain({ pool, work }, id),
    },
    useCases,
    /** Both lanes until nothing is due: how many rights were looked at. */
    reconcile: async () => (await work.take()) + (await work.give()),
    /** What the heartbeat does without being asked. */
    async sweep() {
      for (const part of [
        'panic',
        'take',
        'turnHours',
        'handOver',
        'give',
        'lapse',
        'remind',
        'deliver',
        'homes',
        'endSteps',
        'arm',
        'watchDrift',
        'findOrphans',
        'tellDrift',
        'relay',
        'seal',
        'callWebhooks',
        'forget',
      ] as const)
        await work[part]();
    },
    jobs,
    woken,
    posted,
    driftTold,
    messenger,
    lines,
    async caller(name: string, via: Caller['via'] = 'slack'): Promise<Caller> {
      return {
        org,
        via,
        scopes: everyScope,
        person: await useCases.identify(org, { provider: 'slack', subject: `T1/${name}`, email: email(`${name}@example.com`) }),
      };
    },
    /** Moves every row as though this much time had passed: the clock is Postgres', so the rows are moved, not the clock. */
    async passTime(interval: string) {
      for (const [table, columns] of Object.entries(clockColumns)) {
        await pool.query(`update ${table} set ${columns.map((column) => `${column} = ${column} - $1::interval`).join(', ')}`, [interval]);
      }
      await pool.query(
        `update requests set created_at = created_at - $1::interval, approvable_until = approvable_until - $1::interval where state = 'pending'`,
        [interval],
      );
    },
    async audit(): Promise<{ action: string; actor: { kind: string }; data: Record<string, unknown> }[]> {
      return (await pool.query('select action, actor, data from audit order by id')).rows;
    },
    async [Symbol.asyncDispose]() {
      await deps.webhooks[Symbol.asyncDispose]();
      await db.destroy();
      await removals.end();
      await gives.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

const clockColumns = {
  rights: ['call_started', 'quarantine_until', 'lease_until', 'due_at'],
  grants: [
    'latest_end',
    'provision_until',
    'granted_at',
    'expires_at',
    'end_at',
    'gone_at',
    'failed_at',
    'chain_from',
    'opens_at',
    'closes_at',
    'opened_at',
    'closed_at',
  ],
  outbox: ['created_at', 'sent_at'],
  target_rounds: ['due_at', 'lease_until'],
  shared_notices: ['decided_at'],
  requests: ['notify_at', 'nudged_at', 'groups_asked_at'],
  break_glass: ['used_at'],
  drifts: ['found_at'],
  orphans: ['found_at'],
  drift_notices: ['since', 'try_at', 'lease_until'],
};

export type World = Awaited<ReturnType<typeof createWorld>>;
