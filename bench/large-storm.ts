import type { Engine } from './engine.ts';
import { makeLogins } from './logins.ts';
import { giveStorm, patiently } from './many.ts';
import { measurePairs } from './pairs.ts';
import { bareLoop, drainStorm, report } from './storm.ts';
import { startWork } from './work.ts';

const grants = 10_000;
/** The bare loop reads all members of the role for each: one of them takes minutes. */
const pairs = 1;

/** The storm with ten times as many. To give them one by one would take longer than all else: one is given, the others are copies. */
export async function measureLargeStorm(engine: Engine): Promise<void> {
  using _workers = startWork(engine);
  const brew = async (pair: number): Promise<number> => {
    const second = await giveStorm(engine, `x${pair}`, grants);
    await patiently(engine.sampleUrl, (client) => makeLogins(client, `cx${pair}n`, grants - 1, 'curfew:bench/sample'));
    if (Date.now() >= second * 1000) throw new Error('this machine was too slow to make the logins before their end');
    return second;
  };
  report(
    grants,
    await measurePairs(
      () => bareLoop(engine.sampleUrl, grants),
      async (pair) => drainStorm(engine, await brew(pair), grants),
      pairs,
    ),
  );
}
