import { measureAck } from './ack.ts';
import { measureApi } from './api.ts';
import { measureCreate } from './create.ts';
import { startEngine } from './engine.ts';
import { measureQuiet } from './quiet.ts';
import { measureHostilePatterns } from './redos.ts';
import { measureRouting } from './routing.ts';
import { measureStorm } from './storm.ts';

// Ratios against a baseline measured in the same run; absolute figures move with the machine.
const parts = ['quiet', 'storm', 'routing', 'patterns', 'api', 'create', 'ack'] as const;
const named = process.argv.slice(2);
const unknown = named.filter((each) => !parts.some((part) => part === each));
if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}; there are ${parts.join(', ')}.`);
const isAsked = (part: (typeof parts)[number]): boolean => named.length === 0 || named.includes(part);

if (isAsked('patterns')) {
  console.log('\npatterns that people write');
  await measureHostilePatterns();
}
if (isAsked('routing')) {
  console.log('\nrouting');
  await measureRouting();
}
const redisUrl = process.env['BENCH_REDIS_URL'];
if ((['quiet', 'storm', 'api', 'create'] as const).some(isAsked)) {
  await using engine = await startEngine(redisUrl);
  if (isAsked('api')) {
    console.log('\nthe API');
    await measureApi(engine);
  }
  if (isAsked('create')) {
    console.log('\nmaking requests');
    await measureCreate(engine);
  }
  if (isAsked('quiet') || isAsked('storm'))
    console.log(`\nqueue: ${redisUrl === undefined ? 'BullMQ on PostgreSQL' : 'BullMQ on Redis'}; target: real PostgreSQL logins`);
  if (isAsked('quiet')) {
    console.log('\nquiet expiry');
    await measureQuiet(engine);
  }
  if (isAsked('storm')) {
    console.log('\na thousand in one second');
    await measureStorm(engine);
  }
}
if (isAsked('ack')) {
  // With workers of its own.
  await using engine = await startEngine(redisUrl);
  console.log('\nslash commands in a storm');
  await measureAck(engine);
}
