import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { Engine } from './engine.ts';
import { startEngine } from './engine.ts';
import { giveMany } from './many.ts';
import { noOpTarget } from './no-op-target.ts';
import { printRatio } from './pairs.ts';

const grants = Number(process.env['BENCH_GRANTS'] ?? 100_000);
const fewer = grants / 10;
/** Alarms are set for an hour; the ends are spread over this much of it, so that every second has some. */
const spreadSeconds = Math.min(3_000, fewer);
const firstInSeconds = 300;
const mostBytes = 400;

/** P14: how much the queue keeps for grants that end within the hour, beside a delayed job of BullMQ for each. */
export async function measureQueueMemory(redisUrl: string | undefined): Promise<void> {
  await using engine = await startEngine(redisUrl, noOpTarget);
  const before = await readBytes(engine);
  const first = Math.ceil(Date.now() / 1000) + firstInSeconds;
  const keep = async (tag: string, count: number): Promise<number> => {
    await giveMany(engine, tag, count, { first, together: 1, every: spreadSeconds / count });
    await engine.work.arm();
    return (await readBytes(engine)) - before;
  };
  const few = await keep('few', fewer);
  const many = await keep('many', grants - fewer);
  const { rows } = await engine.pool.query(`select from grants where state = 'active' and expires_at > now()`);
  if (rows.length !== grants) throw new Error(`${rows.length} of ${grants} grants wait for their end`);
  const kb = (bytes: number): string => `${(bytes / 1024).toFixed(0)} kB`;
  console.log(`  kept for ${grants} grants`.padEnd(31) + `${kb(many)}; for ${fewer}: ${kb(few)}`);
  printRatio('many ÷ a tenth of them', [many / few], { atMost: 1.5 });
  const each = many / grants;
  console.log(`  ${'for each grant'.padEnd(29)}${each.toFixed(0)} B   goal ≤ ${mostBytes} B → ${each <= mostBytes ? 'met' : 'MISSED'}`);
  if (redisUrl === undefined) return;
  console.log(`  ${'a bare delayed job each'.padEnd(29)}${(await bytesOfBareJobs(engine, redisUrl)).toFixed(0)} B`);
}

/** What the queue takes up: of a Redis all of it, of PostgreSQL the tables of the queue. */
async function readBytes({ pool, redisUrl }: Engine): Promise<number> {
  if (redisUrl === undefined) {
    const { rows } = await pool.query<{ bytes: string }>(
      `select coalesce(sum(pg_total_relation_size(oid)), 0) as bytes from pg_class where relnamespace = 'bullmq'::regnamespace and relkind = 'r'`,
    );
    return Number(rows[0]?.bytes);
  }
  const redis = new Redis(redisUrl);
  try {
    return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  } finally {
    redis.disconnect();
  }
}

async function bytesOfBareJobs(engine: Engine, url: string): Promise<number> {
  const queue = new Queue(`bare-${Date.now()}`, { connection: { url } });
  try {
    await queue.waitUntilReady();
    const before = await readBytes(engine);
    for (let from = 0; from < fewer; from += 1_000)
      await queue.addBulk(
        Array.from({ length: Math.min(1_000, fewer - from) }, (_, i) => ({
          name: 'end',
          data: { grant: from + i },
          opts: { delay: 3_600_000 },
        })),
      );
    return ((await readBytes(engine)) - before) / fewer;
  } finally {
    await queue.obliterate({ force: true });
    await queue.close();
  }
}
