import { startEngine } from './engine.ts';
import { measureQuiet } from './quiet.ts';
import { measureStorm } from './storm.ts';

// Ratios against a baseline measured in the same run; absolute figures move with the machine.
const redisUrl = process.env['BENCH_REDIS_URL'];
await using engine = await startEngine(redisUrl);
console.log(`queue: ${redisUrl === undefined ? 'BullMQ on PostgreSQL' : 'BullMQ on Redis'}; target: real PostgreSQL logins`);
console.log('\nquiet expiry');
await measureQuiet(engine);
console.log('\na thousand in one second');
await measureStorm(engine);
