import { measureAck } from './ack.ts';
import { measureApi } from './api.ts';
import { measureApprove } from './approve.ts';
import { measureBoot } from './boot.ts';
import { measureCreate } from './create.ts';
import { type Engine, startEngine } from './engine.ts';
import { measureIsolation } from './isolation.ts';
import { measureNoOp } from './no-op.ts';
import { measureOptions } from './options.ts';
import { measureProvision } from './provision.ts';
import { measureQuiet } from './quiet.ts';
import { measureQuietNoOp } from './quiet-no-op.ts';
import { measureQueueMemory } from './queue-memory.ts';
import { measureRedisLosses } from './redis-losses.ts';
import { measureHostilePatterns } from './redos.ts';
import { measureRouting } from './routing.ts';
import { measureScaling } from './scaling.ts';
import { measureLargeStorm } from './large-storm.ts';
import { measureStorm } from './storm.ts';
import { measureTwenty } from './twenty.ts';

const redisUrl = process.env['BENCH_REDIS_URL'];
const alarms = `queue: BullMQ on ${redisUrl === undefined ? 'PostgreSQL' : 'Redis'}`;
const queue = `${alarms}; target: real PostgreSQL logins`;

/** Each with an engine of its own: no part runs on the workers, or beside the rows, of another. */
const onEngine = (measure: (engine: Engine) => Promise<void>) => async (): Promise<void> => {
  await using engine = await startEngine(redisUrl);
  await measure(engine);
};

// Ratios against a baseline measured in the same run; absolute figures move with the machine.
const parts = new Map([
  ['patterns', { title: 'patterns that people write', measure: measureHostilePatterns }],
  ['routing', { title: 'routing', measure: measureRouting }],
  ['api', { title: 'the API', measure: onEngine(measureApi) }],
  ['create', { title: 'making requests', measure: onEngine(measureCreate) }],
  ['quiet', { title: `quiet expiry (${queue})`, measure: onEngine(measureQuiet) }],
  ['quiet-no-op', { title: `quiet expiry, of a target that does nothing (${alarms})`, measure: () => measureQuietNoOp(redisUrl) }],
  ['storm', { title: `a thousand in one second (${queue})`, measure: onEngine(measureStorm) }],
  ['ten-thousand', { title: `ten thousand in one second (${queue})`, measure: onEngine(measureLargeStorm) }],
  ['twenty', { title: `twenty a second (${queue})`, measure: onEngine(measureTwenty) }],
  ['no-op', { title: 'a hundred thousand in one second, of a target that does nothing', measure: () => measureNoOp(redisUrl) }],
  ['scaling', { title: 'ends among many that last, of a target that does nothing', measure: () => measureScaling(redisUrl) }],
  ['isolation', { title: `what people feel of a storm in another process (${alarms})`, measure: () => measureIsolation(redisUrl) }],
  ['boot', { title: 'a start with much that lasts and some that is overdue', measure: measureBoot }],
  ['queue-memory', { title: `what the queue keeps (${alarms})`, measure: () => measureQueueMemory(redisUrl) }],
  ['redis-losses', { title: 'a Redis that writes nothing down, and one that forgets, in a storm', measure: measureRedisLosses }],
  ['ack', { title: 'slash commands in a storm', measure: onEngine(measureAck) }],
  ['options', { title: 'a list of thousands of resources, none of which may be asked for', measure: measureOptions }],
  ['approve', { title: 'clicks on Approve', measure: onEngine(measureApprove) }],
  ['provision', { title: `from a click on Approve to access (${alarms})`, measure: () => measureProvision(redisUrl) }],
]);

const named = process.argv.slice(2);
const unknown = named.filter((each) => !parts.has(each));
if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}; there are ${[...parts.keys()].join(', ')}.`);
for (const [name, { title, measure }] of parts) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n${title}`);
  await measure();
}
