/** How many letters must be added, dropped or changed to make one word of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const kept = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** `; did you mean "…"?` where a known word is near, else nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  const near = known
    .map((word) => ({ word, away: distance(given.toLowerCase(), word.toLowerCase()) }))
    .toSorted((a, b) => a.away - b.away)
    .find(({ word, away }) => away <= Math.max(1, Math.floor(word.length / 3)));
  return near ? `; did you mean "${near.word}"?` : '';
}
