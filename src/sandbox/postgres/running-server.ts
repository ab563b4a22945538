import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { urlFor, whyNoAnswer } from './connect.ts';
import { isPostgres } from './liveness.ts';
import { readPassword } from './make-cluster.ts';
import type { Place } from './place.ts';
import { StartProblem } from './start-problem.ts';

export type Server = { readonly pid: number; readonly port: number };
/** `stalePid` is what a lock file names although nothing runs there any more. */
export type Found = { readonly server: Server } | { readonly server: undefined; readonly stalePid: number | undefined };

const patienceMs = 20_000;

/** PostgreSQL's lock file: the process on the first line, the port on the fourth once it listens. */
function readLock(place: Place): { pid: number; port: number | undefined } | undefined {
  const file = path.join(place.cluster, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  const port = Number(lines[3]);
  return { pid: Number(lines[0]), port: port > 0 ? port : undefined };
}

/**
 * Is there a server on this cluster already: of a second instance, or left by one that was killed?
 * One that is just starting or stopping is waited for.
 */
export async function findRunning(place: Place): Promise<Found> {
  const password = readPassword(place);
  const deadline = Date.now() + patienceMs;
  let why: Error | undefined;
  for (;;) {
    const lock = readLock(place);
    if (!lock || !isPostgres(lock.pid)) return { server: undefined, stalePid: lock?.pid };
    if (lock.port !== undefined) {
      why = await whyNoAnswer(urlFor(password, lock.port, 'postgres'));
      if (!why) return { server: { pid: lock.pid, port: lock.port } };
    }
    if (Date.now() > deadline) {
      const detail = why ? `: ${why.message}` : '';
      throw new StartProblem(`PostgreSQL process ${lock.pid} holds ${place.cluster} but does not answer${detail}. Stop it and try again.`);
    }
    await sleep(50);
  }
}
