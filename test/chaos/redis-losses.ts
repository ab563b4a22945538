/**
 * The lane of lost queues: `npm run chaos:redis -- [--losses N] [--grants N] [--every MS] [--seed S]`. Redis is flushed, killed, filled and cut
 * off while two workers keep many grants on real roles, and an observer watches the target.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { loseRedisAgainAndAgain, quantile } from './lose-redis.ts';

const { values } = parseArgs({
  options: {
    losses: { type: 'string', default: '100' },
    grants: { type: 'string', default: '1000' },
    every: { type: 'string', default: '6000' },
    seed: { type: 'string' },
  },
});
const number = (name: 'losses' | 'grants' | 'every'): number => {
  const given = Number(values[name]);
  if (!Number.isInteger(given) || given < 1) throw new Error(`--${name} must be a whole number from 1`);
  return given;
};
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
const started = performance.now();
const say = (line: string): void => console.log(`  ${((performance.now() - started) / 1000).toFixed(0)} s: ${line}`);
console.log(`redis losses: seed ${seed}`);
const { violations, latenessMs, alive, losses } = await loseRedisAgainAndAgain({
  losses: number('losses'),
  grants: number('grants'),
  everyMs: number('every'),
  seed,
  say,
});
for (const violation of new Set(violations)) console.log(`  VIOLATION: ${violation}`);
const kinds = Object.entries(losses).map(([kind, count]) => `${count} ${kind}`);
console.log(`  losses: ${kinds.join(', ')}; alive at a loss: ${Math.min(...alive)} to ${Math.max(...alive)}`);
const [p50, p99, worst] = [0.5, 0.99, 1].map((part) => Math.round(quantile(latenessMs, part)));
console.log(`  ${latenessMs.length} removals late by p50 ${p50} ms, p99 ${p99} ms, worst ${worst} ms`);
console.log(violations.length === 0 ? 'redis losses: no violation' : `redis losses: ${violations.length} violations; seed ${seed}`);
process.exitCode = violations.length === 0 ? 0 : 1;
