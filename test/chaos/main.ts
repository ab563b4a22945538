/**
 * The chaos lane: `npm run chaos -- [--kills N] [--seed S] [--round N] [--rate N] [--minutes N]`. Curfew's own processes against real servers, killed at
 * random failpoints while people ask and access ends, its surroundings broken too; in rounds, each followed by a calm in which
 * whatever is due must go. A separate observer watches the target. At the end its file is held against the audit export.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { breakThings } from './break-things.ts';
import { check, type Evidence } from './check.ts';
import { createCrew, type Crew, warmUp } from './crew.ts';
import { endObserver, environment, startObserver } from './environment.ts';
import { collect, findUntold, verifyAudit } from './evidence.ts';
import type { Trouble } from './excuses.ts';
import { epsilonMs } from './limits.ts';
import { startLoad } from './load.ts';
import { freePort } from '../support/free-port.ts';
import { createPlace } from './place.ts';
import { createChance } from './random.ts';
import { recordRights } from './record-rights.ts';
import { type Run, shortcomings, tell } from './report.ts';
import { waitForCalm } from './wait-for-calm.ts';
import { createWitness } from './witness.ts';

const strictMs = 3_000;
/** Nobody lives as long as that, however busy the machine is. */
const longestWithoutDeathMs = 300_000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string' },
    round: { type: 'string', default: '100' },
    rate: { type: 'string', default: '3' },
    // No more is begun after so long, however few died.
    minutes: { type: 'string', default: '1000' },
  },
});
const number = (name: 'kills' | 'round' | 'rate' | 'minutes'): number => {
  const given = Number(values[name]);
  if (!Number.isInteger(given) || given < 1) throw new Error(`--${name} must be a whole number from 1`);
  return given;
};
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
const started = performance.now();
const isOver = (): boolean => performance.now() - started > number('minutes') * 60_000;
const seconds = (): string => `${Math.round((performance.now() - started) / 1000)} s`;

/** Goes on through the rounds until one has found something. */
async function run(folder: string, kills: number, perRound: number, perSecond: number): Promise<string[]> {
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
  await warmUp(env('worker'), folder);
  await recordRights(place);
  const witness = createWitness(place);
  const crew = stack.use(createCrew({ env, folder, chance, troubles, onKill: witness.look }));
  await crew.rest();
  await openBreakGlass(port, key);
  const asked: Evidence['asked'][number][] = [];
  const violations: string[] = [];
  let last: Run | undefined;
  for (let round = 1; crew.deaths.kills < kills && violations.length === 0 && !isOver(); round += 1) {
    const goal = Math.min(kills, crew.deaths.kills + perRound);
    const load = startLoad({ place, port, key, chance, perSecond, name: `chaos ${round}.` });
    const breaking = breakThings({ place, chance, troubles });
    crew.arm();
    await untilKilled(crew, goal);
    const killed = seconds();
    await breaking.stop();
    await Promise.all([crew.rest(), load.stop()]);
    asked.push(...load.asked);
    const calm = await waitForCalm(place, epsilonMs);
    // The observer goes on for a while in which nothing excuses what it sees.
    await sleep(Math.max(0, epsilonMs + strictMs - calm.afterMs));
    const facts = await collect({
      place,
      folder,
      env: env('worker'),
      looks: readFileSync(looks, 'utf8'),
      troubles,
      lives: crew.lives,
      asked,
    });
    const verdict = check(facts);
    violations.push(...calm.left, ...verdict.violations, ...(await findUntold(place)), ...crew.surprises);
    last = {
      wanted: kills,
      deaths: crew.deaths,
      seen: witness.seen,
      requests: facts.requests.length,
      grants: facts.grants.length,
      extended: facts.events.filter(({ action }) => action === 'grant.extended').length,
      takenAtOnce: facts.events.filter(({ action }) => action === 'breakglass.used').length,
      latenessMs: verdict.latenessMs,
      longest: verdict.longest,
      looks: facts.looks.length,
      strictLooks: verdict.strictLooks,
    };
    console.log(
      `  ${seconds()}: ${crew.deaths.kills} kills (the last at ${killed}), ${last.grants} grants, ${last.seen.removals} removals under way at a death, ${facts.looks.length} looks, ${troubles.length} troubles; calm after ${calm.afterMs} ms`,
    );
  }
  if (last === undefined) return ['there was no time for a single round'];
  for (const each of tell(last)) console.log(`  ${each}`);
  violations.push(...shortcomings(last));
  return [...violations, ...(await verifyAudit(folder, env('worker')))];
}

/** Whoever asks may take it at once, for a minute. */
async function openBreakGlass(port: number, key: string): Promise<void> {
  const everybody = {
    name: 'everybody',
    requestor: { type: 'any' },
    resource: { type: 'any' },
    approval: [{ type: 'p0', options: { breakGlass: { maxMinutes: 1 } } }],
  };
  const answer = await fetch(`http://127.0.0.1:${port}/o/demo/policy/name/everybody`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(everybody),
  });
  if (!answer.ok) throw new Error(`the policy is not taken: ${answer.status} ${await answer.text()}`);
}

async function untilKilled(crew: Crew, goal: number): Promise<void> {
  let [known, since] = [crew.deaths.kills, performance.now()];
  while (crew.deaths.kills < goal && !isOver()) {
    if (crew.deaths.kills > known) {
      if (Math.floor(crew.deaths.kills / 50) > Math.floor(known / 50)) console.log(`    ${seconds()}: ${crew.deaths.kills} kills`);
      [known, since] = [crew.deaths.kills, performance.now()];
    }
    if (performance.now() - since > longestWithoutDeathMs) throw new Error('nobody died for minutes: the lane itself is stuck');
    await sleep(100);
  }
}

console.log(`chaos: ${values.kills} kills, seed ${seed} (npm run chaos -- --kills ${values.kills} --seed ${seed})`);
const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-chaos-'));
// Otherwise, as root, the databases would go where their own user can follow, and stay there.
chmodSync(folder, 0o755);
const violations = [...new Set(await run(folder, number('kills'), number('round'), number('rate')))];
for (const violation of violations) console.log(`  VIOLATION: ${violation}`);
if (violations.length === 0) {
  console.log(`chaos: no violation (${seconds()})`);
  rmSync(folder, { recursive: true, force: true });
} else console.log(`chaos: ${violations.length} violations (${seconds()}); seed ${seed}; what was seen is in ${folder}`);
process.exitCode = violations.length === 0 ? 0 : 1;
