import net from 'node:net';
import type { Place } from './place.ts';
import { runProgram } from './run-program.ts';
import type { Server } from './running-server.ts';
import { StartProblem } from './start-problem.ts';

export type LaunchSettings = {
  readonly port: number;
  readonly maxConnections: number;
  readonly throwaway: boolean;
  readonly stalePid: number | undefined;
};

/** PostgreSQL ended before it was ready. `mayPass`: the reason is one that can be gone at the next attempt. */
export class LaunchFailure extends StartProblem {
  readonly mayPass: boolean;
  constructor(log: string) {
    const reason = /(?:FATAL|PANIC): {2}(.+)/.exec(log)?.[1] ?? log.trim().split('\n').at(-1) ?? '';
    super(`PostgreSQL did not start: ${reason || 'it ended without a word'}.`, { cause: new Error(log) });
    this.mayPass = /Address already in use|postmaster\.pid" already exists|pre-existing shared memory block/.test(log);
  }
}

// Recovery after a kill replays at most a checkpoint's worth of work.
const patienceMs = 60_000;

function serverArguments(place: Place, settings: LaunchSettings): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port: settings.port,
    unix_socket_directories: '',
    max_connections: settings.maxConnections,
    ...(settings.throwaway ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  return ['-D', place.cluster, ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Starts the server and waits until it accepts connections. */
export async function launch(place: Place, settings: LaunchSettings): Promise<Server> {
  const child = runProgram(place, 'postgres', serverArguments(place, settings), settings.stalePid);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + String(chunk)).slice(-3_000); // read on for ever, or the pipe fills and PostgreSQL blocks
    if (log.includes('ready to accept connections')) resolve();
  });
  child.once('error', (error) => reject(new LaunchFailure(error.message)));
  child.once('close', () => reject(new LaunchFailure(log)));
  const timer = setTimeout(() => {
    child.kill('SIGINT');
    reject(new StartProblem(`PostgreSQL was not ready after ${patienceMs / 1_000} seconds: ${log.trim().split('\n').at(-1)}`));
  }, patienceMs);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
  // A database alone is no reason for the application to go on running.
  child.unref();
  if (child.stderr instanceof net.Socket) child.stderr.unref();
  return { pid: child.pid ?? 0, port: settings.port };
}
