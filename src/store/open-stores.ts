import type pg from 'pg';
import type { Log } from '../app/ports.ts';
import type { Store } from '../app/store.ts';
import { type Db, openDatabase, openLane } from './database.ts';
import { createStore } from './index.ts';

/** Of the main set: for people, or for the few parts of a worker that use it, so that all processes together stay well below what a server takes. */
const mainConnections = { answers: 10, works: 4 } as const;
/** What is told to people and forgotten may take its time: with more at once, who decides and who waits for access would (ADR 22). */
const backgroundConnections = 3;

/** One database over four sets of connections, none of which waits for another (ADR 22). They connect when they are needed. */
export type Stores = {
  readonly store: Store;
  /** The same over connections of its own, for what may wait. */
  readonly background: Store;
  readonly db: Db;
  readonly pool: pg.Pool;
  /** How many wait for a connection, by pool. */
  readonly waiting: () => Readonly<Record<string, number>>;
} & AsyncDisposable;

/** @param answers  whether people ask this process; one that only works needs fewer connections for that */
export function openStores(url: string, log: Log, { answers }: { readonly answers: boolean }): Stores {
  const { db, pool } = openDatabase(url, log, { max: answers ? mainConnections.answers : mainConnections.works });
  const removals = openLane(url, log, 'removals');
  const gives = openLane(url, log, 'gives');
  const behind = openDatabase(url, log, { max: backgroundConnections, name: 'curfew background' });
  const store = createStore({ db, pool, removals, gives });
  return {
    store,
    // How late removals were is kept for minutes, and read once for both.
    background: { ...createStore({ ...behind, removals: behind.pool, gives: behind.pool }), lateness: store.lateness },
    db,
    pool,
    waiting: () => ({
      main: pool.waitingCount,
      removals: removals.waitingCount,
      gives: gives.waitingCount,
      background: behind.pool.waitingCount,
    }),
    async [Symbol.asyncDispose]() {
      for (const each of [behind.pool, gives, removals, pool]) await each.end();
    },
  };
}
