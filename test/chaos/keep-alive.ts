/** Keeps many short grants alive, without HTTP and Slack in between: asked for and agreed to by the application's own doors. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createUseCases } from '../../src/app/index.ts';
import { createPolicySets } from '../../src/app/policy-sets.ts';
import type { Caller } from '../../src/app/ports.ts';
import { createDirectories } from '../../src/directories/index.ts';
import { createFileDirectories } from '../../src/directories/local.ts';
import { type DurationSeconds, toSeconds } from '../../src/domain/duration.ts';
import { parseEmail, parseOrg, type RequestId } from '../../src/domain/ids.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { createIntegrations } from '../../src/integrations/index.ts';
import { createPatternMatch } from '../../src/patterns.ts';
import { openDatabase, openLane } from '../../src/store/database.ts';
import { createStore } from '../../src/store/index.ts';
import { createVault } from '../../src/store/vault.ts';
import { createWebhookWire } from '../../src/webhooks/index.ts';
import type { Evidence } from './check.ts';
import type { Place } from './place.ts';
import type { Chance } from './random.ts';

const roles = ['readonly', 'readwrite'] as const;
const asksAtOnce = 6;

export type Keeping = {
  readonly asked: Evidence['asked'];
  /** How many were alive when it was last looked. @throws where keeping them has failed */
  readonly alive: number;
  /** Asks no more, and gives back what would still last long; resolves when nobody is in the middle of anything. */
  stop(): Promise<void>;
};

/** @param seconds  how long the next grant shall last */
export async function keepAlive(
  { place, chance, count, seconds }: { place: Place; chance: Chance; count: number; seconds: () => number },
  stack: AsyncDisposableStack,
): Promise<Keeping> {
  const { useCases, callerOf } = openDoors(place, stack);
  const carol = await callerOf('carol');
  const asked: { words: string; id: string | undefined }[] = [];
  const requests = new Map<string, RequestId>();
  const state: { alive: number; isOver: boolean; fault?: Error } = { alive: 0, isOver: false };
  const keys = Array.from({ length: Math.ceil(count / 2) }, (_, n) => roles.map((role) => `p${n}:${role}`)).flat();

  const ask = async (key: string): Promise<void> => {
    const [name = '', resource = ''] = key.split(':');
    const words = `keep ${asked.length}`;
    const entry = { words, id: undefined as string | undefined };
    asked.push(entry);
    const request = await useCases.submitRequest(await callerOf(name), {
      right: { service: 'pg', accessType: 'role', resource, integration: undefined },
      reason: words,
      duration: seconds() as DurationSeconds,
      to: undefined,
    });
    if (!request.ok) throw new Error(`${key} may not ask: ${request.rejection.code}`);
    const { id } = request.value.request;
    entry.id = id;
    const decided = await useCases.decideRequest(carol, id, { kind: 'approve', duration: undefined, digest: undefined });
    if (!decided.ok) throw new Error(`${key} is not agreed to: ${decided.rejection.code}`);
    requests.set(key, id);
  };
  const giveBack = async (key: string): Promise<void> => {
    const id = requests.get(key);
    if (id !== undefined) await useCases.relinquishGrant(await callerOf(key.split(':')[0] ?? ''), id);
  };
  const turn = async (): Promise<void> => {
    const rows = await place.read<{ key: string; state: string }>(
      `select r.account || ':' || r.resource as key, g.state from grants g join rights r on r.org = g.org and r.id = g.right_id
       where g.state in ('planned', 'active', 'ending')`,
    );
    const busy = new Set(rows.map(({ key }) => key));
    const alive = rows.filter((row) => row.state === 'active').map(({ key }) => key);
    state.alive = alive.length;
    const [some, ...others] = alive;
    if (some !== undefined && chance.next() < 0.3) await giveBack(chance.pick([some, ...others]));
    const missing = keys.filter((key) => !busy.has(key)).slice(0, 60);
    const next = missing.values();
    await Promise.all(
      Array.from({ length: asksAtOnce }, async () => {
        for (const key of next) await ask(key);
      }),
    );
  };
  const goOn = async (): Promise<void> => {
    while (!state.isOver) {
      await turn();
      await sleep(200);
    }
  };
  // Told to whoever asks next: as a fault that nobody caught it would end the lane and leave its servers running.
  const turning = goOn().catch((error: unknown) => void (state.fault = error instanceof Error ? error : new Error(String(error))));
  // Also where the lane gives up before it stops this.
  stack.defer(async () => {
    state.isOver = true;
    await turning;
  });
  return {
    asked,
    get alive() {
      if (state.fault !== undefined) throw state.fault;
      return state.alive;
    },
    async stop() {
      state.isOver = true;
      await turning;
      if (state.fault !== undefined) throw state.fault;
      const rows = await place.read<{ key: string }>(
        `select r.account || ':' || r.resource as key from grants g join rights r on r.org = g.org and r.id = g.right_id
         where g.state = 'planned' or g.state = 'active' and g.expires_at > now() + interval '10 seconds'`,
      );
      for (const { key } of rows) await giveBack(key);
    },
  };
}

function openDoors(place: Place, stack: AsyncDisposableStack) {
  const org = parseOrg('demo');
  if (org === undefined) throw new Error('demo is no slug');
  const log = { info() {}, warn() {}, error: (fields: object, message: string) => console.log(message, fields) };
  const { db, pool } = openDatabase(place.urls.database, log);
  stack.defer(() => db.destroy());
  const removals = openLane(place.urls.database, log, 'removals');
  stack.defer(() => removals.end());
  const store = createStore({ db, pool, removals, gives: pool });
  const target = {
    service: 'pg',
    name: 'sample',
    url: place.urls.target,
    roles: [...roles],
    user: '{local}',
    createLogins: true,
    drift: 'alert',
    driftEvery: toSeconds({ time: 5, unit: 'm' }),
  } as const;
  const useCases = createUseCases({
    org,
    store,
    integrations: stack.use(createIntegrations([target], org)),
    vault: createVault(randomBytes(32)),
    webhooks: stack.use(createWebhookWire({ allowHosts: [] })),
    routing: {
      directories: createDirectories(createFileDirectories([])),
      onCalls: () => undefined,
      matches: createPatternMatch(),
      policies: createPolicySets(),
      log,
    },
  });
  const callers = new Map<string, Promise<Caller>>();
  const identify = async (name: string): Promise<Caller> => {
    const email = parseEmail(`${name}@example.com`);
    if (email === undefined) throw new Error(`${name} has no address`);
    const person = await useCases.identify(org, { provider: 'slack', subject: `T1/${name}`, email });
    return { org, via: 'slack', scopes: everyScope, person };
  };
  const callerOf = (name: string): Promise<Caller> => {
    const known = callers.get(name) ?? identify(name);
    callers.set(name, known);
    return known;
  };
  return { useCases, callerOf };
}
