import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from './liveness.ts';
import type { Place } from './place.ts';
import { runProgram } from './run-program.ts';
import { errorCode, StartProblem } from './start-problem.ts';

export const hasCluster = (place: Place): boolean => existsSync(path.join(place.cluster, 'PG_VERSION'));

/** The superuser's password. Two instances that start at once agree on one: the link can be made only once. */
function ensurePassword(place: Place): string {
  if (!existsSync(place.passwordFile)) {
    const draft = `${place.passwordFile}.${process.pid}`;
    writeFileSync(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    try {
      linkSync(draft, place.passwordFile);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return readPassword(place);
}

export function readPassword(place: Place): string {
  if (existsSync(place.passwordFile)) return readFileSync(place.passwordFile, 'utf8').trim();
  throw new StartProblem(`${place.passwordFile} is missing, and the database in ${place.cluster} opens with nothing else: put it back.`);
}

async function runInitdb(place: Place, target: string, passwordFile: string, throwaway: boolean): Promise<void> {
  const access = ['-D', target, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const text = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const child = runProgram(place, 'initdb', [...access, ...text, ...(throwaway ? ['--no-sync'] : [])]);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-600);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  if (code !== 0)
    throw new StartProblem(`PostgreSQL could not make its data folder ${place.cluster}: ${said.trim() || `exit code ${code}`}`);
}

/** Drafts of runs that were killed half-way; in a container the new run often has the old one's number. */
function removeOldDrafts(place: Place): void {
  for (const name of readdirSync(place.folder)) {
    const pid = /^cluster\.draft-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid))))
      rmSync(path.join(place.folder, name), { recursive: true, force: true });
  }
}

/** Makes a new cluster unless there is one. Built aside and then renamed, so that a kill half-way leaves nothing broken. */
export async function ensureCluster(place: Place, throwaway: boolean): Promise<void> {
  if (hasCluster(place)) return;
  removeOldDrafts(place);
  const draft = `${place.cluster}.draft-${process.pid}`;
  const passwordFile = path.join(place.folder, `.password-${process.pid}`);
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, ensurePassword(place), { mode: 0o600 });
    const { user } = place;
    if (user) for (const file of [draft, passwordFile]) chownSync(file, user.uid, user.gid);
    await runInitdb(place, draft, passwordFile, throwaway);
    renameSync(draft, place.cluster);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
    // Not empty: another instance was quicker, or it is no cluster at all.
    if (!hasCluster(place)) throw new StartProblem(`${place.cluster} holds files that are no PostgreSQL database.`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}
