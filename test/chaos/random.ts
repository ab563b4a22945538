/** Repeatable chance: the same seed gives the same numbers. */
export type Chance = {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from `least` to `most`, both possible. */
  whole(least: number, most: number): number;
  /** Small ones as often as large ones: 1, 2, 5, 20, 100 … up to `most`. */
  skewed(most: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
};

/** mulberry32: 32 bits of state are plenty for a few thousand choices. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
    skewed: (most) => Math.max(1, Math.round(most ** next())),
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
  };
}
