import { readCpuMs } from './cpu.ts';
import { type Engine, startEngine } from './engine.ts';
import { giveMany, giveStorm, pendingEnds } from './many.ts';
import { median } from './figures.ts';
import { noOpTarget } from './no-op-target.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { drainStorm } from './storm.ts';
import { startWork } from './work.ts';

const pending = Number(process.env['BENCH_PENDING'] ?? 1_000_000);
const fewer = pending / 10;
const due = Number(process.env['BENCH_DUE'] ?? 10_000);

/** P12: what CPU a revocation costs, of this process and of PostgreSQL, among many grants that last and among a tenth of them. */
export async function measureScaling(redisUrl: string | undefined): Promise<void> {
  await using small = await startEngine(redisUrl, noOpTarget);
  if ((await readCpuMs(small.pool)) === undefined) return console.log('  not measured: CPU is read from /proc, and there is none here');
  await using large = await startEngine(redisUrl, noOpTarget);
  await giveMany(small, 'pending', fewer, pendingEnds(fewer));
  await giveMany(large, 'pending', pending, pendingEnds(pending));
  using _small = startWork(small);
  using _large = startWork(large);
  let storm = 0;
  const drain = (engine: Engine): Promise<number> => cpuOfStorm(engine, `due${storm++}`);
  const pairs = await measurePairs(
    () => drain(small),
    () => drain(large),
  );
  if (pairs.length === 0) return;
  const us = (values: readonly number[]): string => `${median(values).toFixed(0)} µs of CPU each`;
  console.log(`  ${due} gone among ${fewer}`.padEnd(31) + us(pairs.map(({ reference }) => reference)));
  console.log(`  ${due} gone among ${pending}`.padEnd(31) + us(pairs.map(({ ours }) => ours)));
  printRatio(
    'among many ÷ among a tenth',
    pairs.map(({ reference, ours }) => ours / reference),
    { atMost: 1.5 },
  );
}

/** µs for each. */
async function cpuOfStorm(engine: Engine, tag: string): Promise<number> {
  const second = await giveStorm(engine, tag, due);
  const before = (await readCpuMs(engine.pool)) ?? Number.NaN;
  await drainStorm(engine, second, due);
  return ((((await readCpuMs(engine.pool)) ?? Number.NaN) - before) * 1000) / due;
}
