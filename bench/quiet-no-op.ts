import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openBareAlarm } from './bare-jobs.ts';
import { startEngine } from './engine.ts';
import { percentile } from './figures.ts';
import { giveMany } from './many.ts';
import { noOpTarget } from './no-op-target.ts';
import { startWork } from './work.ts';

const rounds = Number(process.env['BENCH_SECONDS'] ?? 100);
const aSecond = 200;
const mostBehindMs = 25;

/** P4: two hundred grants end in every other second, and in the seconds between a bare delayed job of BullMQ comes due. */
export async function measureQuietNoOp(redisUrl: string | undefined): Promise<void> {
  await using engine = await startEngine(redisUrl, noOpTarget);
  await using stack = new AsyncDisposableStack();
  const bare = await openBareAlarm(engine, stack);
  const grants = rounds * aSecond;
  const first = Math.ceil(Date.now() / 1000) + 10 + Math.ceil(grants / 1_000);
  await giveMany(engine, 'quiet', grants, { first, together: aSecond, every: 2 });
  if (Date.now() >= (first - 1) * 1000) throw new Error('this machine was too slow to give them before the first end');
  using _workers = startWork(engine);
  await engine.work.arm();
  const bareLate: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const second = first + 2 * round + 1;
    await sleep(Math.max(0, (second - 1) * 1000 + 500 - Date.now()));
    bareLate.push(await bare(second));
  }
  const { rows } = await engine.pool.query<{ late: number }>(
    `select (extract(epoch from gone_at - end_at) * 1000)::float8 as late from grants where state = 'ended'`,
  );
  if (rows.length !== grants) throw new Error(`${rows.length} of ${grants} grants ended`);
  const late = rows.map((row) => row.late);
  const row = (label: string, values: readonly number[]): void =>
    console.log(
      `  ${label.padEnd(29)}p50 ${percentile(values, 50).toFixed(0)} ms, p99 ${percentile(values, 99).toFixed(0)} ms, worst ${percentile(values, 100).toFixed(0)} ms`,
    );
  row(`${aSecond} a second, seen gone`, late);
  row('bare delayed job', bareLate);
  const judge = (label: string, ms: number, goalMs: number): void =>
    console.log(`  ${label.padEnd(29)}${ms.toFixed(0)} ms   goal ≤ ${goalMs} ms → ${ms <= goalMs ? 'met' : 'MISSED'}`);
  judge("our p99 less the bare job's", percentile(late, 99) - percentile(bareLate, 99), mostBehindMs);
  if (redisUrl === undefined) return;
  const hz = await readHz(redisUrl);
  judge(`p99, on a Redis with hz ${hz}`, percentile(late, 99), hz >= 100 ? 50 : 150);
}

/** How often a second Redis looks for clients that have waited long enough: an alarm is late by up to so long. */
async function readHz(redisUrl: string): Promise<number> {
  const redis = new Redis(redisUrl);
  try {
    const [, hz] = (await redis.config('GET', 'hz')) as [string, string];
    return Number(hz);
  } finally {
    redis.disconnect();
  }
}
