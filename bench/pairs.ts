import { median } from './figures.ts';

const usually = 5;
/** Two references around one measurement that differ by more than this were disturbed from outside; the pair is repeated. */
const disturbed = 1.5;

export type Pair<T> = { readonly reference: number; readonly ours: T };

/**
 * Measures in turn: reference, ours, reference, ours, … and pairs each of ours with the mean of the references around it.
 * Fewer pairs than wanted are told of, never made up.
 */
export async function measurePairs<T>(
  reference: () => Promise<number>,
  ours: (pair: number) => Promise<T>,
  enough = usually,
): Promise<readonly Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  let before = await reference();
  for (let pair = 0; pair < 2 * enough && pairs.length < enough; pair++) {
    const measured = await ours(pair);
    const after = await reference();
    if (Math.max(before, after) / Math.min(before, after) <= disturbed) pairs.push({ reference: (before + after) / 2, ours: measured });
    before = after;
  }
  if (pairs.length < enough) console.log(`  only ${pairs.length} of ${enough} pairs were undisturbed`);
  return pairs;
}

/** One line: the median of the ratios, their range, the goal, and whether it is met. */
export function printRatio(
  label: string,
  ratios: readonly number[],
  goal: { readonly atLeast: number } | { readonly atMost: number },
): void {
  if (ratios.length === 0) return;
  const middle = median(ratios);
  const [text, met] = 'atLeast' in goal ? [`≥ ${goal.atLeast}`, middle >= goal.atLeast] : [`≤ ${goal.atMost}`, middle <= goal.atMost];
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  console.log(`  ${label.padEnd(29)}${middle.toFixed(2)} [${range}]   goal ${text} → ${met ? 'met' : 'MISSED'}`);
}
