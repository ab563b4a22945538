import { onTestFinished, vi } from 'vitest';

/** Until the test is over, this process's clock that does not jump does: by so many milliseconds, as often as is asked for. */
export function jumpingClock(): (ms: number) => void {
  const now = performance.now.bind(performance);
  let ahead = 0;
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  onTestFinished(() => spy.mockRestore());
  return (ms) => {
    ahead += ms;
  };
}
