/** CPU of this thread, ms; what other programs of the machine take away does not count. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** What some work costs this thread, and how long it keeps everybody else on it waiting at most: the longest turn of the event loop. */
export async function watchTurns<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly cpuMs: number; readonly longestMs: number }> {
  let [longestMs, last, isDone] = [0, cpuMs(), false];
  const started = last;
  const turn = (): void => {
    const now = cpuMs();
    longestMs = Math.max(longestMs, now - last);
    last = now;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  const value = await work();
  const ended = cpuMs();
  isDone = true;
  return { value, cpuMs: ended - started, longestMs: Math.max(longestMs, ended - last) };
}

export function printLoad(label: string, { cpuMs: cpu, longestMs }: { readonly cpuMs: number; readonly longestMs: number }): void {
  const met = cpu <= 1000 && longestMs <= 50;
  console.log(
    `  ${label.padEnd(29)}in ${cpu.toFixed(0)} ms of CPU, others waited at most ${longestMs.toFixed(0)} ms   goal ≤ 1000 and ≤ 50 ms → ${met ? 'met' : 'MISSED'}`,
  );
}
