/** How far apart this process' clock and the database's may be: nothing depends on it but alarms, logs and what people see. */
export const largestSkewMs = 2_000;

/**
 * The database's clock less this process', in milliseconds. The answer was made at some moment of the round trip, so half of
 * it is the error, by which the clocks are believed to be closer.
 */
export async function measureSkewMs(databaseNow: () => Promise<number>, nowMs: () => number): Promise<number> {
  const asked = nowMs();
  const theirs = await databaseNow();
  const answered = nowMs();
  const apart = theirs - (asked + answered) / 2;
  const error = (answered - asked) / 2;
  return Math.sign(apart) * Math.max(Math.abs(apart) - error, 0);
}
