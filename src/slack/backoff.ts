export type Backoff = {
  /** The work began well: should it last, the next failure counts as the first. */
  began(): void;
  /** @returns how long to wait before the next try, ms: nothing at first, then longer and longer, a quarter of it by chance */
  failed(): number;
};

const shortestMs = 500;
const longestMs = 15_000;
/** What ends sooner than this is no better than what did not begin. */
const lastingMs = 30_000;

export function createBackoff(nowMs: () => number = () => performance.now()): Backoff {
  let failures = 0;
  let beganAt: number | undefined;
  return {
    began() {
      beganAt = nowMs();
    },
    failed() {
      if (beganAt !== undefined && nowMs() - beganAt >= lastingMs) failures = 0;
      beganAt = undefined;
      failures += 1;
      if (failures === 1) return 0;
      return Math.min(longestMs, shortestMs * 2 ** (failures - 2)) * (1 - Math.random() / 4);
    },
  };
}
