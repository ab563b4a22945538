/**
 * Does `work` now and again and again, one turn after another: a turn that hangs must not let the next begin. `work` handles
 * its own faults. Disposing waits for the turn under way.
 */
export function every(ms: number, work: () => Promise<void>): AsyncDisposable {
  let turn: Promise<void> | undefined;
  const run = (): void => {
    turn ??= work().finally(() => (turn = undefined));
  };
  run();
  const timer = setInterval(run, ms);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await turn;
    },
  };
}
