/**
 * The chaos lane: `npm run chaos -- [--kills N] [--seed S] [--round N]`. Curfew's own processes against real servers, killed at
 * random failpoints while people ask and access ends, its surroundings broken too; in rounds, each followed by a calm in which
 * whatever is due must go. A separate observer watches the target. At the end its file is held against the audit export.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { breakThings } from './break-things.ts';
import { check, type Trouble } from './check.ts';
import { createCrew } from './crew.ts';
import { endObserver, environment, startObserver } from './environment.ts';
import { collect, findUntold, verifyAudit } from './evidence.ts';
import { startLoad } from './load.ts';
import { freePort } from '../support/free-port.ts';
import { createPlace } from './place.ts';
import { createChance } from './random.ts';
import { waitForCalm } from './wait-for-calm.ts';

/** I1: sweep, lease and call deadline. */
const epsilonMs = 30_000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string' },
    round: { type: 'string', default: '50' },
    rate: { type: 'string', default: '3' },
  },
});
const number = (name: 'kills' | 'round' | 'rate'): number => {
  const given = Number(values[name]);
  if (!Number.isInteger(given) || given < 1) throw new Error(`--${name} must be a whole number from 1`);
  return given;
};
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
async function run(kills: number, perRound: number, perSecond: number): Promise<boolean> {
  console.log(`chaos: ${kills} kills, seed ${seed} (npm run chaos -- --kills ${kills} --seed ${seed})`);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-chaos-'));
  // Otherwise, as root, the databases would go where their own user can follow, and stay there.
  chmodSync(folder, 0o755);
  const started = performance.now();
  const step = (what: string): void => console.log(`    ${((performance.now() - started) / 1000).toFixed(1)} s: ${what}`);
  const violations: string[] = [];
  {
    await using stack = new AsyncDisposableStack();
    const place = stack.use(await createPlace(folder));
    const port = await freePort();
    const key = `cfw_${randomBytes(24).toString('hex')}`;
    const env = environment(place, folder, port, key);
    const chance = createChance(seed);
    const troubles: Trouble[] = [];
    const looks = path.join(folder, 'observer.jsonl');
    writeFileSync(looks, '');
    const observer = startObserver(place.observerUrl, looks, 100);
    stack.defer(() => endObserver(observer));
    const crew = stack.use(createCrew({ env, folder, chance, troubles }));
    await crew.rest();
    for (let done = 0; done < kills; done = crew.kills) {
      const goal = Math.min(kills, done + perRound);
      const load = startLoad({ place, port, key, chance, perSecond });
      const breaking = breakThings({ place, chance, troubles });
      step('begun');
      await crew.arm();
      while (crew.kills < goal) await new Promise((resolve) => setTimeout(resolve, 100));
      step('killed');
      await breaking.stop();
      step('whole again');
      await crew.rest();
      step('all up');
      await load.stop();
      step('nobody asks');
      const calm = await waitForCalm(place, epsilonMs);
      const facts = await collect({
        place,
        folder,
        env: env('worker'),
        looks: readFileSync(looks, 'utf8'),
        troubles,
        asked: load.asked,
        epsilonMs,
      });
      const verdict = check(facts);
      const late = verdict.latenessMs;
      console.log(
        `  ${crew.kills} kills, ${facts.requests.length} requests, ${facts.grants.length} grants, ${facts.looks.length} looks, ${troubles.length} troubles; calm after ${calm.afterMs} ms; late p50 ${late[late.length >> 1] ?? 0} ms, worst ${late.at(-1) ?? 0} ms`,
      );
      violations.push(...calm.left, ...verdict.violations, ...(await findUntold(place)), ...crew.surprises);
      if (violations.length > 0) break;
    }
    violations.push(...(await verifyAudit(folder, env('worker'))));
    console.log(
      `  died at: ${[...crew.diedAt]
        .toSorted((one, other) => other[1] - one[1])
        .map(([point, times]) => `${point} ${times}`)
        .join(', ')}`,
    );
    await crew[Symbol.asyncDispose]();
  }
  for (const violation of new Set(violations)) console.log(`  VIOLATION: ${violation}`);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    violations.length === 0
      ? `chaos: no violation (${seconds} s)`
      : `chaos: ${violations.length} violations (${seconds} s); seed ${seed}; what was seen is in ${folder}`,
  );
  if (violations.length === 0) rmSync(folder, { recursive: true, force: true });
  return violations.length === 0;
}

process.exitCode = (await run(number('kills'), number('round'), number('rate'))) ? 0 : 1;
