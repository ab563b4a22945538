import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { StartProblem } from './start-problem.ts';

/** Whom PostgreSQL runs as when we are root, which its programs refuse. */
export type ServerUser = { readonly uid: number; readonly gid: number; readonly name: string };

function userNamed(name: string): ServerUser | undefined {
  try {
    const ask = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: ask('-u'), gid: ask('-g'), name };
  } catch {
    return undefined; // no such user
  }
}

/** Who owns a cluster that is there already: PostgreSQL insists on running as its owner. */
function ownerOf(cluster: string): ServerUser | undefined {
  if (!existsSync(cluster)) return undefined;
  const { uid, gid } = statSync(cluster);
  return uid === 0 ? undefined : { uid, gid, name: `number ${uid}` };
}

/** @returns undefined where no change of user is needed, because we are not root. */
export function serverUser(cluster: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = ownerOf(cluster) ?? userNamed('postgres') ?? userNamed('nobody');
  if (user) return user;
  throw new StartProblem('PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" to run it as: set DATABASE_URL.');
}

/** May any user walk down to `target` (and enter or run it)? Parts that do not exist yet count as open. */
export function isOpenToAll(target: string): boolean {
  for (let part = path.resolve(target); ; part = path.dirname(part)) {
    if (existsSync(part) && (statSync(part).mode & 0o001) === 0) return false;
    if (part === path.dirname(part)) return true;
  }
}
