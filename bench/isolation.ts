import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeDecision } from '../blocks/wire.ts';
import type { Caller } from '../src/app/ports.ts';
import { openSlack, type Slack, startOurApp, typeOne } from './ack.ts';
import { openRequests, whenAllGiven } from './approve-requests.ts';
import { type Engine, org, type Place, startEngine } from './engine.ts';
import { percentile } from './figures.ts';
import { giveStorm } from './many.ts';
import { noOpTarget } from './no-op-target.ts';
import { drainStorm } from './storm.ts';

const grants = Number(process.env['BENCH_GRANTS'] ?? 100_000);
const rounds = 3;
const perSecond = 20;
const idleSeconds = 15;
/** As many as are approved at most while a storm lasts. */
const approvals = 30 * perSecond;
const longestMs = 100;
const mostTimesIdle = 5;

/** ms: from approving until access is given by the worker, and from a command until it is acknowledged. */
type Felt = { readonly given: number[]; readonly acks: number[] };

/**
 * P5: what people feel of a storm that a worker process drains, in another that answers Slack; beside the same without a storm.
 * Twenty requests are approved and twenty commands typed in a second.
 */
export async function measureIsolation(redisUrl: string | undefined): Promise<void> {
  await using engine = await startEngine(redisUrl, noOpTarget);
  await using stack = new AsyncDisposableStack();
  await startWorker(engine, stack);
  const slack = await openSlack(stack);
  await startOurApp(engine, slack.apiUrl, stack);
  const alice = await engine.caller('alice');
  const [idle, stormy]: [Felt, Felt] = [
    { given: [], acks: [] },
    { given: [], acks: [] },
  ];
  // The first are slower, whatever else happens.
  await feel(engine, slack, alice, await open(engine, 0), () => sleep(2_000), { given: [], acks: [] });
  for (let round = 1; round <= rounds; round++) {
    await feel(engine, slack, alice, await open(engine, round), () => sleep(idleSeconds * 1000), idle);
    const waiting = await open(engine, 100 + round);
    const second = await giveStorm(engine, `isolated${round}`, grants);
    await sleep(Math.max(0, second * 1000 - Date.now()));
    await feel(engine, slack, alice, waiting, () => drainStorm(engine, second, grants), stormy);
  }
  const row = (label: string, values: readonly number[]): void =>
    console.log(
      `  ${label.padEnd(29)}p50 ${percentile(values, 50).toFixed(0)} ms, p99 ${percentile(values, 99).toFixed(0)} ms, worst ${percentile(values, 100).toFixed(0)} ms (${values.length})`,
    );
  row('approved to given, idle', idle.given);
  row('approved to given, storm', stormy.given);
  row('command to ack, idle', idle.acks);
  row('command to ack, storm', stormy.acks);
  const judge = (label: string, value: number, most: number, unit: string): void =>
    console.log(`  ${label.padEnd(29)}${value.toFixed(1)}${unit}   goal ≤ ${most}${unit} → ${value <= most ? 'met' : 'MISSED'}`);
  const [p99, idleP99] = [percentile(stormy.given, 99), percentile(idle.given, 99)];
  judge('given: p99 in a storm ÷ idle', p99 / idleP99, mostTimesIdle, '');
  judge('given: p99 in a storm', p99, longestMs, ' ms');
  judge('ack: p99 in a storm', percentile(stormy.acks, 99), longestMs, ' ms');
}

type Waiting = NonNullable<ReturnType<typeof decodeDecision>>;

/** `burst` is used once. */
const open = async (engine: Engine, burst: number): Promise<readonly Waiting[]> =>
  (await openRequests(engine, burst, approvals)).flatMap((value) => decodeDecision(value) ?? []);

/** Approves and types while that lasts. */
async function feel(engine: Engine, slack: Slack, alice: Caller, waiting: readonly Waiting[], last: () => Promise<unknown>, felt: Felt) {
  let isOver = false;
  const ending = last().finally(() => {
    isOver = true;
  });
  const under: Promise<unknown>[] = [];
  const approved: string[] = [];
  for (const { id, digest } of waiting) {
    if (isOver) break;
    approved.push(id);
    under.push(approve(engine, alice, { id, digest }), typeOne(slack.workspace, approved.length, felt.acks));
    await sleep(1000 / perSecond);
  }
  await Promise.all([ending, ...under]);
  await whenAllGiven(engine.pool, 'select request_id as id, granted_at as at from grants', approved);
  const { rows } = await engine.pool.query<{ ms: number }>(
    `select (extract(epoch from g.granted_at - q.decided_at) * 1000)::float8 as ms from requests q join grants g on g.org = q.org and g.request_id = q.id
     where q.org = $1 and q.id = any($2::uuid[])`,
    [org, approved],
  );
  felt.given.push(...rows.map(({ ms }) => ms));
  await engine.pool.query(`update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`);
}

async function approve({ useCases }: Engine, alice: Caller, { id, digest }: Waiting): Promise<void> {
  const decided = await useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest });
  if (!decided.ok) throw new Error(decided.rejection.code);
}

async function startWorker({ url, sampleUrl, redisUrl, queueName }: Engine, stack: AsyncDisposableStack): Promise<void> {
  const place: Place = { url, sampleUrl, redisUrl, queueName };
  const child = fork(path.join(import.meta.dirname, 'worker.ts'), [JSON.stringify(place)]);
  stack.defer(async () => {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  });
  await once(child, 'message');
}
