import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeToPublic, ensureDatabase, urlFor, withClient } from './connect.ts';
import { LaunchFailure, launch } from './launch.ts';
import { isAlive } from './liveness.ts';
import { ensureCluster, readPassword } from './make-cluster.ts';
import { forget, type Place, preparePlace, readNumber, writeNumber } from './place.ts';
import { choosePort } from './port.ts';
import { findRunning, type Server } from './running-server.ts';
import { folderProblem } from './start-problem.ts';

export type EmbeddedOptions = {
  /** Everything is kept in here; made where it is missing. */
  readonly folder: string;
  /** The application's database; `curfew` unless said otherwise. */
  readonly database?: string;
  /** Refuse any other port. Without it: the last run's if it is free, else any. */
  readonly port?: number;
  readonly maxConnections?: number;
  /** For tests: nothing is made durable, and the folder is removed on stop. */
  readonly throwaway?: boolean;
  /** Where to go, as root, when `folder` or the programs are closed to the user that PostgreSQL runs as. Must outlive a reboot. */
  readonly spareRoot?: string;
};

export type EmbeddedPostgres = {
  /** The application's database, as superuser. */
  readonly url: string;
  /** Database `postgres` of the same server, as superuser. */
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  /** The folder really used. */
  readonly folder: string;
  /** False where another instance's server is shared: it will also stop it. */
  readonly owned: boolean;
  /** Sentences that a person should see at the start. */
  readonly notes: readonly string[];
  /** Call it last, after pools and workers are closed. A shared server is left alone. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

type Held = { readonly server: Server; readonly owned: boolean; readonly note: string | undefined };

const attempts = 20;

/** An orphan is taken over; the server of a living instance is shared. */
function adopt(place: Place, server: Server): Held {
  const owner = readNumber(place.ownerFile);
  const owned = owner === undefined || owner === process.pid || !isAlive(owner);
  return {
    server,
    owned,
    note: owned ? 'took over a PostgreSQL that a killed run left behind' : `sharing the PostgreSQL of process ${owner}`,
  };
}

/** A server on this cluster: one that runs already, or a new one. */
async function hold(place: Place, options: EmbeddedOptions): Promise<Held> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await findRunning(place);
    if (found.server) return adopt(place, found.server);
    const port = await choosePort(options.port, readNumber(place.portFile));
    try {
      const { maxConnections = 200, throwaway = false } = options;
      return { server: await launch(place, { port, maxConnections, throwaway, stalePid: found.stalePid }), owned: true, note: undefined };
    } catch (error) {
      if (!(error instanceof LaunchFailure && error.mayPass && attempt < attempts)) throw error;
      await sleep(100); // another instance was quicker, or the last one's processes are still leaving
    }
  }
}

async function stopServer(place: Place, pid: number, throwaway: boolean): Promise<void> {
  for (let waitedMs = 0; isAlive(pid); waitedMs += 20) {
    if (waitedMs === 0) process.kill(pid, 'SIGINT'); // PostgreSQL's fast shutdown
    if (waitedMs === 10_000) process.kill(pid, 'SIGQUIT'); // its immediate one
    if (waitedMs > 15_000) throw new Error(`PostgreSQL process ${pid} does not stop`);
    await sleep(20);
  }
  forget(place.ownerFile);
  if (throwaway) rmSync(place.folder, { recursive: true, force: true });
}

/** The application's database, and no way into it or the server's own ones for a login that was only granted a target. */
async function prepareDatabases(adminUrl: string, database: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    // Two instances at once would change the same catalogue rows.
    await client.query(`select pg_advisory_lock(hashtext('curfew-databases'))`);
    await ensureDatabase(client, database);
    for (const name of [database, 'postgres', 'template1']) await closeToPublic(client, name);
  });
}

/**
 * Starts a real PostgreSQL of our own on the loopback address, or joins the one that already runs in `folder`.
 * @throws StartProblem with one sentence for people
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { database = 'curfew', throwaway = false, spareRoot = '/var/tmp' } = options;
  try {
    const place = preparePlace(options.folder, spareRoot);
    await ensureCluster(place, throwaway);
    const { server, owned, note } = await hold(place, options);
    const stop = async () => (owned ? stopServer(place, server.pid, throwaway) : undefined);
    if (owned) {
      writeNumber(place.ownerFile, process.pid);
      writeNumber(place.portFile, server.port);
    }
    const password = readPassword(place);
    const adminUrl = urlFor(password, server.port, 'postgres');
    try {
      await prepareDatabases(adminUrl, database);
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      url: urlFor(password, server.port, database),
      adminUrl,
      port: server.port,
      pid: server.pid,
      folder: place.folder,
      owned,
      notes: note === undefined ? place.notes : [...place.notes, note],
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    throw folderProblem(error, options.folder);
  }
}
