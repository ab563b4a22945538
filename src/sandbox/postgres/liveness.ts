import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errorCode } from './start-problem.ts';

/** State letter and program name of a process, or undefined where it cannot be read. */
function look(pid: number): { state: string; program: string } | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // "pid (program) state …", and a program's name may hold parentheses itself.
      const end = stat.lastIndexOf(')');
      return { state: stat.charAt(end + 2), program: stat.slice(stat.indexOf('(') + 1, end) };
    }
    const [state = '', ...program] = execFileSync('ps', ['-o', 'stat=,comm=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return { state: state.charAt(0), program: program.join(' ') };
  } catch {
    return undefined; // gone meanwhile, or a system without ps: the signal's answer stands
  }
}

/** Does the process run? A zombie does not, although signal 0 reaches it: an init that reaps slowly leaves some behind. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  return look(pid)?.state !== 'Z';
}

/** Like {@link isAlive}, and not some other program that was given the number of a PostgreSQL that ended. */
export function isPostgres(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const seen = look(pid);
  return seen === undefined || seen.program.includes('postgres');
}
