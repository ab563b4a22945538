import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Place } from './place.ts';

// Not our own environment: it holds tokens, and its locale would decide the database's encoding.
const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** `setpriv` of util-linux, where it can tie a child's life to its parent's. */
function findSetpriv(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return searchPath
    .map((folder) => path.join(folder, 'setpriv'))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return execFileSync(candidate, ['--help'], { encoding: 'utf8' }).includes('--pdeathsig');
      } catch {
        return false; // not there, or another implementation
      }
    });
}

export type RunningProgram = ChildProcessByStdio<null, null, Readable>;

/**
 * Runs one of PostgreSQL's programs as the place's user.
 * @param stalePid  a process number that an old lock file names and that is known not to be a PostgreSQL
 */
export function runProgram(place: Place, name: 'initdb' | 'postgres', args: readonly string[], stalePid?: number): RunningProgram {
  const { user } = place;
  const setpriv = findSetpriv();
  const isServer = name === 'postgres';
  const before = setpriv
    ? [
        setpriv,
        ...(user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : []),
        // The kernel stops PostgreSQL when this process dies, even by kill -9.
        ...(isServer ? ['--pdeathsig', 'INT'] : []),
        '--',
      ]
    : [];
  const [command = '', ...rest] = [...before, path.join(place.programs, 'bin', name), ...args];
  return spawn(command, rest, {
    ...(user && !setpriv ? { uid: user.uid, gid: user.gid } : {}),
    cwd: path.parse(place.folder).root,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own process group: Ctrl-C must not stop the database before the application has drained.
    detached: isServer,
    env: {
      PATH: searchPath.join(':'),
      LC_ALL: 'C',
      TZ: 'UTC',
      // PostgreSQL takes a zombie for a living postmaster. It disregards a lock of this one number, and still
      // looks for processes that use the old shared memory, which deleting the lock file would prevent.
      ...(stalePid === undefined ? {} : { PG_GRANDPARENT_PID: String(stalePid) }),
    },
  });
}
