import { vi } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import { parseRequestId, type RequestId } from '../../src/domain/ids.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { listenOutbox } from '../../src/store/listen.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { listening } from './http-app.ts';
import type { P0Login } from './p0-client.ts';
import { createWorld, org } from './world.ts';

/** A command may be a process that has to start first, on a machine that is busy. */
const patience = { timeout: 30_000, interval: 20 };

/** A server that `p0` can be pointed at, over a real database and behind a proxy that can break the line. */
export async function startP0Server() {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await createWorld());
  const wakes = new Set<() => void>();
  const subscribe = (wake: () => void) => {
    wakes.add(wake);
    return () => void wakes.delete(wake);
  };
  stack.use(listenOutbox(world.database.url, () => wakes.forEach((wake) => wake()), world.hands.log));
  const useCases = createUseCases({ ...world.deps, wakes: { subscribe } });
  const failures: object[] = [];

  const open = async (longestWaitMs?: number) => {
    const app = await createHttpApp({
      useCases,
      org,
      log: { info: () => undefined, error: (fields) => failures.push(fields) },
      publicUrl: 'http://127.0.0.1',
      health: async () => ({ ready: true, checks: {} }),
      rateLimit: 10_000,
      ...(longestWaitMs === undefined ? {} : { longestWaitMs }),
    });
    const { server, port } = await listening(app);
    stack.defer(async () => {
      server.closeAllConnections();
      server.close();
      await app.close();
    });
    return { app, server, url: `http://127.0.0.1:${port}` };
  };
  const usual = await open();
  const proxy = stack.use(await startFaultProxy(usual.url));
  const impatient = await open(50);
  const url = proxy.through(usual.url).replace(/\/$/, '');
  const [alice, carol, olga] = [await world.caller('alice', 'api'), await world.caller('carol', 'api'), await world.caller('olga', 'api')];
  await world.pool.query(
    `insert into role_bindings (org, role, canonical, source) values ($1, 'owner', 'olga@example.com', 'configuration')`,
    [org],
  );

  const login = async (name: string): Promise<P0Login> => {
    const draft = { name: 'p0', owner: `${name}@example.com`, scopes: [...everyScope], expiresIn: undefined };
    // Whoever made an asker's key and an approver's may hold both, and would decide alone.
    const made = await useCases.keys.create(name === 'carol' ? olga : alice, draft);
    if (!made.ok) throw new Error(made.rejection.code);
    return { url, org, token: made.value.key };
  };
  const revokeKey = async (name: string) => {
    const keys = await useCases.keys.list(alice);
    const key = keys.ok ? keys.value.find((each) => each.owner === `${name}@example.com`) : undefined;
    if (key === undefined || !(await useCases.keys.revoke(alice, key.id)).ok) throw new Error('there is no such key');
  };
  const running = stack.move();
  return {
    world,
    proxy,
    /** Faults of ours; there should be none. */
    failures,
    /** Its sockets can be cut. */
    server: usual.server,
    close: () => usual.app.close(),
    /** The same, and it does not let anybody wait for long. */
    impatientUrl: impatient.url,
    login,
    revokeKey,
    /** The request that somebody's command has made, once it has. */
    asked: (reason: string): Promise<RequestId> =>
      vi.waitFor(async () => {
        const found = await world.pool.query<{ id: string }>('select id from requests where reason = $1', [reason]);
        const id = parseRequestId(found.rows[0]?.id ?? '');
        if (id === undefined) throw new Error('nothing was asked yet');
        return id;
      }, patience),
    /** Until a command that waits for this request has come. */
    polled: (id: RequestId) =>
      vi.waitFor(() => {
        if (!proxy.sent().includes(`/command/${id}/poll`)) throw new Error('nobody waits yet');
      }, patience),
    async decide(id: RequestId, verdict: 'approve' | 'deny') {
      const done = await useCases.decideRequest(
        carol,
        id,
        verdict === 'approve' ? { kind: verdict, duration: undefined, digest: undefined } : { kind: verdict, reason: 'not today' },
      );
      if (!done.ok) throw new Error(done.rejection.code);
    },
    async revoke(id: RequestId) {
      const done = await useCases.revokeGrant(carol, id, undefined);
      if (!done.ok) throw new Error(done.rejection.code);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export type P0Server = Awaited<ReturnType<typeof startP0Server>>;
