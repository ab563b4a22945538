export type Recent = {
  /** Remembers the key; false where it is known already. */
  add(key: string): boolean;
  forget(key: string): void;
};

/**
 * Remembers keys for a while, so that what comes twice is known. At most `most` keys: then the oldest goes.
 * @param nowMs a clock that does not jump
 */
export function createRecent(keepMs: number, most: number, nowMs: () => number): Recent {
  // A Map keeps the order in which keys came, so the oldest stands first.
  const seen = new Map<string, number>();
  const forgetOld = (now: number): void => {
    for (const [key, at] of seen) {
      if (now - at < keepMs && seen.size <= most) return;
      seen.delete(key);
    }
  };
  return {
    add(key) {
      const now = nowMs();
      forgetOld(now);
      if (seen.has(key)) return false;
      seen.set(key, now);
      return true;
    },
    forget(key) {
      seen.delete(key);
    },
  };
}
