/** Two workers whose Redis is lost again and again while grants end: nobody may notice but by a clock. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { isRedisReal } from '../support/redis-process.ts';
import { check } from './check.ts';
import { createCrew } from './crew.ts';
import { endObserver, environment, startObserver } from './environment.ts';
import { collect, verifyAudit } from './evidence.ts';
import { keepAlive } from './keep-alive.ts';
import { epsilonMs } from './limits.ts';
import { createPlace, type Place } from './place.ts';
import { recordRights } from './record-rights.ts';
import { type Chance, createChance } from './random.ts';

const startPatienceMs = 600_000;

export type LossOptions = {
  readonly losses: number;
  readonly grants: number;
  /** From the beginning of one loss to that of the next. */
  readonly everyMs: number;
  readonly seed: number;
  readonly say: (line: string) => void;
};

export type LossReport = {
  readonly violations: readonly string[];
  /** Of each removal, in ascending order. */
  readonly latenessMs: readonly number[];
  /** At the moments of the losses. */
  readonly alive: readonly number[];
  readonly losses: Readonly<Record<string, number>>;
};

export async function loseRedisAgainAndAgain(options: LossOptions): Promise<LossReport> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-losses-'));
  // Otherwise, as root, the databases would go where their own user can follow, and stay there.
  chmodSync(folder, 0o755);
  const report = await run(options, folder);
  if (report.violations.length === 0) rmSync(folder, { recursive: true, force: true });
  else options.say(`what was seen is in ${folder}`);
  return report;
}

async function run({ losses, grants, everyMs, seed, say }: LossOptions, folder: string): Promise<LossReport> {
  await using stack = new AsyncDisposableStack();
  const chance = createChance(seed);
  const place = stack.use(await createPlace(folder));
  const env = environment(place, folder, await freePort(), `cfw_${randomBytes(24).toString('hex')}`);
  const looks = path.join(folder, 'observer.jsonl');
  writeFileSync(looks, '');
  const observer = startObserver(place.observerUrl, looks, 500);
  stack.defer(() => endObserver(observer));
  const crew = stack.use(createCrew({ env, folder, chance, troubles: [], members: ['worker', 'worker'] }));
  await crew.rest();
  await recordRights(place);
  say('two workers are up');

  const lastsMs = losses * everyMs;
  const shortestSeconds = Math.max(15, Math.ceil(lastsMs / 4_000));
  const keeping = await keepAlive(
    { place, chance, count: grants, seconds: () => shortestSeconds + chance.whole(0, Math.ceil(lastsMs / 1_500)) },
    stack,
  );
  await waitFor(
    () => keeping.alive >= grants * 0.8,
    startPatienceMs,
    () => `only ${keeping.alive} of ${grants} grants came alive`,
  );
  say(`${keeping.alive} grants are alive`);
  const done = await lose({ place, chance, losses, everyMs, alive: () => keeping.alive, say });
  await keeping.stop();
  say('nobody asks any more, and whoever has more than a few seconds left gave it back');
  const left = await waitForEnds(place, 2 * epsilonMs);
  const facts = await collect({
    place,
    folder,
    env: env('worker'),
    looks: readFileSync(looks, 'utf8'),
    // A loss of Redis is no excuse for anything (I12).
    troubles: [],
    lives: crew.lives,
    asked: keeping.asked,
  });
  const { violations, latenessMs } = check(facts);
  say(`${facts.grants.length} grants, ${latenessMs.length} removals, ${facts.looks.length} looks, ${facts.events.length} events`);
  const verified = await verifyAudit(folder, env('worker'));
  return { ...done, latenessMs, violations: [...left, ...violations, ...verified, ...crew.surprises] };
}

type Losing = Pick<LossOptions, 'losses' | 'everyMs' | 'say'> & { place: Place; chance: Chance; alive: () => number };

async function lose({ place, chance, losses, everyMs, alive, say }: Losing): Promise<Pick<LossReport, 'alive' | 'losses'>> {
  const awayMs = (): number => chance.whole(0, everyMs / 2);
  const cut = async (): Promise<void> => {
    place.links.redis.cut(chance.pick(['there', 'back', 'both']));
    await sleep(awayMs());
    place.links.redis.mend();
  };
  const kinds: readonly [readonly [string, () => Promise<void>], ...(readonly [string, () => Promise<void>])[]] = [
    ['flushed', () => place.flushRedis()],
    ['killed', () => place.loseRedis(awayMs())],
    ['cut off', cut],
    ...(isRedisReal ? ([['full', () => place.fillRedis(awayMs())]] as const) : []),
  ];
  const seen: number[] = [];
  const counts: Record<string, number> = {};
  for (let n = 1; n <= losses; n += 1) {
    const [kind, act] = chance.pick(kinds);
    const next = performance.now() + everyMs;
    seen.push(alive());
    counts[kind] = (counts[kind] ?? 0) + 1;
    await act();
    if (n % 10 === 0) say(`${n} losses, ${alive()} grants are alive`);
    await sleep(Math.max(0, next - performance.now()));
  }
  return { alive: seen, losses: counts };
}

/** @returns what has not ended by then */
async function waitForEnds(place: Place, patienceMs: number): Promise<string[]> {
  const unfinished = `select 'grant ' || id || ' is ' || state as left from grants where state in ('planned', 'active', 'ending')`;
  for (const since = performance.now(); ; await sleep(250)) {
    const left = (await place.read<{ left: string }>(unfinished)).map((row) => row.left);
    if (left.length === 0) return [];
    if (performance.now() - since > patienceMs) return left.slice(0, 20);
  }
}

async function waitFor(isSo: () => boolean, patienceMs: number, otherwise: () => string): Promise<void> {
  for (const since = performance.now(); !isSo(); await sleep(100)) if (performance.now() - since > patienceMs) throw new Error(otherwise());
}

/** The value below which the given part of the ascending values lies. */
export const quantile = (ascending: readonly number[], part: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))] ?? 0;
