import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installedPrograms, refuseForeign, runnablePrograms } from './programs.ts';
import { isOpenToAll, type ServerUser, serverUser } from './server-user.ts';

/** Where one embedded PostgreSQL lives, and whom it runs as. */
export type Place = {
  /** Everything below is in here. */
  readonly folder: string;
  /** PostgreSQL's own data folder. */
  readonly cluster: string;
  /** The superuser's password, mode 0600. */
  readonly passwordFile: string;
  /** The process that will stop the server. */
  readonly ownerFile: string;
  /** The port of the last run, so that a command typed yesterday still works. */
  readonly portFile: string;
  readonly programs: string;
  readonly user: ServerUser | undefined;
  /** What a person should know about this place. */
  readonly notes: readonly string[];
};

/** Finds, and makes where missing, the folder and the programs that one server needs. */
export function preparePlace(asked: string, spareRoot: string): Place {
  const notes: string[] = [];
  const wanted = path.resolve(asked);
  mkdirSync(path.dirname(wanted), { recursive: true });
  const user = serverUser(path.join(wanted, 'cluster'));
  const isClosed = user !== undefined && !isOpenToAll(path.dirname(wanted));
  const folder = isClosed
    ? path.join(spareRoot, `curfew-postgres-${createHash('sha256').update(wanted).digest('hex').slice(0, 10)}`)
    : wanted;
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  if (isClosed) {
    refuseForeign(folder);
    notes.push(`PostgreSQL's data is in ${folder}: user ${user.name} may not enter ${path.dirname(wanted)}`);
  }
  if (user) chmodSync(folder, 0o711); // an inherited or temporary folder may be closed to that user
  const installed = installedPrograms();
  const programs = runnablePrograms(installed, user !== undefined, spareRoot);
  if (programs !== installed) notes.push(`PostgreSQL's programs were copied to ${programs}, because they cannot run from ${installed}`);
  const inside = (name: string) => path.join(folder, name);
  return {
    folder,
    cluster: inside('cluster'),
    passwordFile: inside('superuser.secret'),
    ownerFile: inside('owner.pid'),
    portFile: inside('port'),
    programs,
    user,
    notes,
  };
}

export function readNumber(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const number = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

export const writeNumber = (file: string, number: number): void => writeFileSync(file, `${number}\n`);
export const forget = (file: string): void => rmSync(file, { force: true });
