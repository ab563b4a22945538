import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRedisReal, startRedis } from '../test/support/redis-process.ts';
import { type Engine, startEngine } from './engine.ts';
import { median } from './figures.ts';
import { giveMany, patiently } from './many.ts';
import { noOpTarget } from './no-op-target.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { drainStorm, endAll, type Storm } from './storm.ts';
import { startWork, sweepEveryMs } from './work.ts';

const grants = Number(process.env['BENCH_GRANTS'] ?? 100_000);
const pairs = 3;

/** P15: the same storm with a Redis that writes down what it is told and one that does not, and with one that forgets all of it. */
export async function measureRedisLosses(): Promise<void> {
  if (!isRedisReal) return console.log('  not measured: there is no redis-server on this machine');
  await using redis = await startRedis({ folder: mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-redis-')) });
  await using engine = await startEngine(redis.url, noOpTarget);
  using _workers = startWork(engine);
  let storm = 0;
  const brew = async (appendOnly: 'yes' | 'no'): Promise<number> => {
    await redis.tell(`CONFIG SET appendonly ${appendOnly}`);
    await giveMany(engine, `aof${storm++}`, grants);
    return patiently(engine.url, (client) => endAll(client, engine.queue, 20));
  };
  const drain = async (appendOnly: 'yes' | 'no'): Promise<Storm> => drainStorm(engine, await brew(appendOnly), grants);
  const measured = await measurePairs(
    async () => (await drain('no')).drain,
    () => drain('yes'),
    pairs,
  );
  if (measured.length === 0) return;
  const [off, on] = [median(measured.map(({ reference }) => reference)), median(measured.map(({ ours }) => ours.drain))];
  console.log(`  ${grants} grants gone in`.padEnd(31) + `${on.toFixed(0)} ms with an append-only file, ${off.toFixed(0)} ms without`);
  printRatio(
    'with the file ÷ without',
    measured.map(({ reference, ours }) => ours.drain / reference),
    { atMost: 1.15 },
  );
  const usual = median(measured.map(({ ours }) => ours.p99));
  const flush = async (label: string, second: number, afterMs: number): Promise<void> => {
    const { p99 } = await drainLosing(engine, second, afterMs, () => redis.tell('FLUSHALL'));
    const later = p99 - usual;
    console.log(
      `  ${label.padEnd(29)}none of ${grants} lost, p99 ${later.toFixed(0)} ms later   goal ≤ ${sweepEveryMs} ms → ${later <= sweepEveryMs ? 'met' : 'MISSED'}`,
    );
  };
  await flush('flushed in the middle', await brew('no'), on / 2);
  await flush('flushed a second before', await brew('no'), -1_000);
}

/** @throws where any of them is not gone in the end */
async function drainLosing(engine: Engine, second: number, afterMs: number, lose: () => Promise<void>): Promise<Storm> {
  const losing = sleep(Math.max(0, second * 1000 + afterMs - Date.now())).then(lose);
  const [storm] = await Promise.all([drainStorm(engine, second, grants), losing]);
  return storm;
}
