import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';

/** Of a second: what Linux counts CPU in for whoever reads `/proc`. */
const ticksPerSecond = 100;

/** CPU that this process and the whole PostgreSQL server have used so far, ms. Undefined where there is no `/proc`. */
export async function readCpuMs(pool: pg.Pool): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = statOf(String(rows[0]?.pid));
  if (backend === undefined) throw new Error('the database server is not on this machine');
  const server = backend.parent;
  const ofServer = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), stat: statOf(name) }))
    .reduce((sum, { pid, stat }) => {
      if (stat === undefined || (pid !== server && stat.parent !== server)) return sum;
      // Those that are gone count with the one who started them.
      return sum + stat.ticks + (pid === server ? stat.ticksOfTheGone : 0);
    }, 0);
  const { user, system } = process.cpuUsage();
  return (ofServer * 1000) / ticksPerSecond + (user + system) / 1000;
}

/** What some work costs this process and the server. `usedMs`: of each time; stays empty where there is no `/proc`. */
export type CpuOf = { readonly usedMs: readonly number[]; during<T>(work: () => Promise<T>): Promise<T> };

export function createCpuOf(pool: pg.Pool): CpuOf {
  const usedMs: number[] = [];
  return {
    usedMs,
    async during(work) {
      const before = await readCpuMs(pool);
      const value = await work();
      const after = await readCpuMs(pool);
      if (before !== undefined && after !== undefined) usedMs.push(after - before);
      return value;
    },
  };
}

/** Undefined: it has ended meanwhile. */
function statOf(pid: string): { parent: number; ticks: number; ticksOfTheGone: number } | undefined {
  try {
    // Behind the name, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ').map(Number) ?? [];
    const at = (index: number): number => fields[index] ?? 0;
    return { parent: at(1), ticks: at(11) + at(12), ticksOfTheGone: at(13) + at(14) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined;
    throw error;
  }
}
