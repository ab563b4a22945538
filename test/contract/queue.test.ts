import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Job } from '../../src/app/ports.ts';
import { parseJob, retryDelayMs, toEnvelope } from '../../src/queue/jobs.ts';
import { openQueue, type Queue } from '../../src/queue/open-queue.ts';
import { look, notify, onPostgres, onRedis, type Place, recorder } from '../support/queues.ts';

const soon = { timeout: 10_000, interval: 10 };
const until = (condition: () => void) => vi.waitFor(condition, soon);
const newName = () => `t-${randomUUID()}`;

async function isIdle(queue: Queue) {
  await vi.waitFor(async () => expect(await queue.status()).toMatchObject({ reachable: true, waiting: 0, delayed: 0, active: 0 }), soon);
}

/** A handler that stops in the middle until it is let go. */
function gate() {
  const entered = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return { entered, open: opened.resolve, pass: () => (entered.resolve(), opened.promise) };
}

describe.each([
  ['PostgreSQL', onPostgres],
  ['Redis', onRedis],
])('the queue on %s', (_label, start) => {
  let place: Place;
  beforeAll(async () => {
    place = await start();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  it('runs each kind of job, and keeps nothing of it', async () => {
    const { log, ran, lines, handlers } = recorder();
    await using queue = await openQueue(place.options, { log, name: newName() });
    queue.startWorkers(handlers);
    const [one, two] = [look(), notify()];
    await queue.wake([one, two, { kind: 'due', epochSecond: 1 }, { kind: 'home', account: 'U0BOB01' }]);
    await until(() => expect(ran).toHaveLength(4));
    expect(ran.map(({ kind, what }) => ({ kind, what }))).toEqual(
      expect.arrayContaining([
        { kind: 'look', what: one.rightId },
        { kind: 'notify', what: two.requestId },
        { kind: 'due', what: 1 },
        { kind: 'home', what: 'U0BOB01' },
      ]),
    );
    await isIdle(queue);
    await queue.wake([one, two]);
    await until(() => expect(ran).toHaveLength(6));
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('rings an alarm at its second and not before, once however often it was set', async () => {
    const { log, ran, handlers } = recorder();
    await using queue = await openQueue(place.options, { log, name: newName() });
    queue.startWorkers(handlers);
    const epochSecond = Math.floor(Date.now() / 1000) + 3;
    for (let i = 0; i < 3; i += 1) await queue.wake([{ kind: 'due', epochSecond }]);
    expect(await queue.status()).toMatchObject({ delayed: 1 });
    await until(() => expect(ran).toHaveLength(1));
    expect(ran[0]?.what).toBe(epochSecond);
    expect(ran[0]?.at).toBeGreaterThanOrEqual(epochSecond * 1000);
    expect(ran[0]?.at).toBeLessThan(epochSecond * 1000 + 2_000);
    await isIdle(queue);
    expect(ran).toHaveLength(1);
  });

  it('reckons the delay of an alarm from the given clock', async () => {
    const { log, ran, handlers } = recorder();
    await using queue = await openQueue(place.options, { log, name: newName(), now: () => 5_000_000 });
    queue.startWorkers(handlers);
    await queue.wake([{ kind: 'due', epochSecond: 5_100 }]);
    expect(await queue.status()).toMatchObject({ delayed: 1 });
    await queue.wake([{ kind: 'due', epochSecond: 5_000 }]);
    await until(() => expect(ran.map(({ what }) => what)).toEqual([5_000]));
  });

  it('runs what was woken several times once, while it waits', async () => {
    const { log, ran, handlers } = recorder();
    await using queue = await openQueue(place.options, { log, name: newName() });
    const jobs: Job[] = [look(), notify(), { kind: 'due', epochSecond: 7 }];
    for (let i = 0; i < 3; i += 1) await queue.wake(jobs);
    expect(await queue.status()).toMatchObject({ waiting: 3 });
    queue.startWorkers(handlers);
    await until(() => expect(ran).toHaveLength(3));
    await isIdle(queue);
    expect(ran).toHaveLength(3);
  });

  it.each(['look', 'due'] as const)('runs %s once more when it is woken while it runs', async (kind) => {
    const { log, handlers } = recorder();
    const first = gate();
    let runs = 0;
    const count = async () => {
      runs += 1;
      if (runs === 1) await first.pass();
    };
    await using queue = await openQueue(place.options, { log, name: newName() });
    queue.startWorkers({ ...handlers, [kind]: count });
    const job: Job = kind === 'look' ? look() : { kind, epochSecond: 7 };
    await queue.wake([job]);
    await first.entered.promise;
    for (let i = 0; i < 3; i += 1) await queue.wake([job]);
    first.open();
    await until(() => expect(runs).toBe(2));
    await isIdle(queue);
    expect(runs).toBe(2);
    await queue.wake([job]);
    await until(() => expect(runs).toBe(3));
  });

  it('tries a message again, and keeps the reason of the failure out of the queue', async () => {
    const { log, lines, handlers } = recorder();
    const name = newName();
    let attempts = 0;
    await using queue = await openQueue(place.options, { log, name });
    queue.startWorkers({
      ...handlers,
      async notify() {
        attempts += 1;
        if (attempts < 3) throw new Error('the password is hunter2');
      },
    });
    await queue.wake([notify()]);
    const raw = place.raw(`${name}-messages`);
    const kept = await vi.waitUntil(async () => (await raw.getJobs(['delayed']))[0], soon);
    expect(kept.failedReason).toBe('notify failed');
    expect(JSON.stringify(kept)).not.toContain('hunter2');
    await raw.close();
    await until(() => expect(attempts).toBe(3));
    await isIdle(queue);
    expect(lines.filter(({ message }) => message === 'a job failed').map(({ fields }) => fields)).toMatchObject([
      { kind: 'notify', attempt: 1, err: { message: 'the password is hunter2' } },
      { kind: 'notify', attempt: 2 },
    ]);
  });

  it('leaves a failed look to the sweep, and takes the next one', async () => {
    const { log, handlers } = recorder();
    let runs = 0;
    await using queue = await openQueue(place.options, { log, name: newName() });
    queue.startWorkers({
      ...handlers,
      async look() {
        runs += 1;
        if (runs === 1) throw new Error('no');
      },
    });
    const job = look();
    await queue.wake([job]);
    await until(() => expect(runs).toBe(1));
    await isIdle(queue);
    await queue.wake([job]);
    await until(() => expect(runs).toBe(2));
  });

  it('is not harmed by forged jobs', async () => {
    const { log, lines, ran, handlers } = recorder();
    const name = newName();
    await using queue = await openQueue(place.options, { log, name });
    const forged: unknown[] = [
      null,
      'look',
      7,
      [],
      {},
      { v: 2, kind: 'look', id: randomUUID() },
      { v: 1, kind: 'look', id: "'; drop table grants; --" },
      { v: 1, kind: 'look', id: randomUUID(), extra: true },
      { v: 1, kind: 'due', id: -1 },
      { v: 1, kind: 'due', id: '1' },
      { v: 1, kind: 'due', id: Number.MAX_SAFE_INTEGER },
      { v: 1, kind: 'notify', id: randomUUID() },
      { v: 1, kind: 'home', id: 'U1/../x' },
      { v: 1, kind: '__proto__', id: 'x'.repeat(100_000) },
    ];
    for (const queueName of [`${name}-expiry`, `${name}-work`, `${name}-messages`]) {
      const raw = place.raw(queueName);
      for (const data of forged) await raw.add('x'.repeat(1_000), data, { attempts: 5, backoff: { type: 'nobody knows' } });
      await raw.close();
    }
    queue.startWorkers(handlers);
    const [one, two] = [look(), notify()];
    await queue.wake([one, two, { kind: 'due', epochSecond: 7 }]);
    await until(() => expect(new Set(ran.map(({ what }) => what))).toEqual(new Set([7, one.rightId, two.requestId])));
    expect(ran).toHaveLength(3);
    await isIdle(queue);
    // A worker says that a job failed just after it is gone from the queue.
    await until(() => expect(lines.filter(({ message }) => message === 'a job failed')).toHaveLength(3 * forged.length));
    expect(JSON.stringify(lines).length).toBeLessThan(20_000);
  });

  it('goes on after everything in the queue was lost, also under a running job', async () => {
    const { log, ran, handlers } = recorder();
    const name = newName();
    const first = gate();
    await using queue = await openQueue(place.options, { log, name });
    queue.startWorkers({ ...handlers, look: (id) => (ran.length === 0 ? first.pass() : handlers.look(id)) });
    const job = look();
    const epochSecond = Math.floor(Date.now() / 1000) + 3600;
    await queue.wake([job, { kind: 'due', epochSecond }]);
    await first.entered.promise;
    await queue.wake([job]);
    await place.loseEverything(name);
    ran.push({ kind: 'look', what: 'the first one', at: 0 });
    first.open();
    await isIdle(queue);
    await queue.wake([job, notify(), { kind: 'due', epochSecond }, { kind: 'due', epochSecond: 7 }]);
    await until(() => expect(ran.map(({ kind }) => kind).toSorted()).toEqual(['due', 'look', 'look', 'notify']));
    expect(await queue.status()).toMatchObject({ delayed: 1 });
  });

  it('lets running jobs finish when it is closed, and takes no more', async () => {
    const { log, lines, ran, handlers } = recorder();
    const first = gate();
    const name = newName();
    const queue = await openQueue(place.options, { log, name });
    queue.startWorkers({ ...handlers, due: async (second) => (await first.pass(), handlers.due(second)) });
    await queue.wake([{ kind: 'due', epochSecond: 7 }]);
    await first.entered.promise;
    const closed = queue[Symbol.asyncDispose]();
    const raw = place.raw(`${name}-expiry`);
    await raw.add('due', { v: 1, kind: 'due', id: 8 });
    expect(ran).toEqual([]);
    first.open();
    await closed;
    expect(ran.map(({ what }) => what)).toEqual([7]);
    expect(await raw.getJobCounts('waiting', 'active', 'failed')).toMatchObject({ waiting: 1, active: 0, failed: 0 });
    await raw.close();
    await expect(queue.wake([look()])).rejects.toThrow();
    expect(await queue.status()).toEqual({ kind: place.options.kind, reachable: false });
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('can be opened by many at once, who share the work', async () => {
    const { log, ran, handlers } = recorder();
    const name = newName();
    const queues = await Promise.all([1, 2, 3].map(() => openQueue(place.options, { log, name })));
    for (const queue of queues) queue.startWorkers(handlers);
    const jobs = Array.from({ length: 30 }, look);
    await Promise.all(queues.map((queue) => queue.wake(jobs)));
    await until(() => expect(new Set(ran.map(({ what }) => what)).size).toBe(30));
    for (const queue of queues) await queue[Symbol.asyncDispose]();
  });
});

describe('a job in the queue', () => {
  it.each<Job>([look(), notify(), { kind: 'due', epochSecond: 0 }, { kind: 'due', epochSecond: 1_800_000_000 }])(
    'is read back as it was: $kind',
    (job) => {
      const { data, opts } = toEnvelope(job, 1_700_000_000_000);
      expect(parseJob(JSON.parse(JSON.stringify(data)))).toEqual(job);
      expect(opts.jobId ?? opts.deduplication?.id).toMatch(/^(due|look|notify)-[\w-]+$/);
    },
  );

  it('waits longer from one attempt to the next, but not for ever', () => {
    expect([1, 2, 3, 7, 8, 9].map(retryDelayMs)).toEqual([500, 1_000, 2_000, 32_000, 60_000, 60_000]);
  });
});

describe('where nobody answers', () => {
  /** A port that takes connections and says nothing. */
  async function silence() {
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const close = async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    return { host: `127.0.0.1:${address.port}`, close };
  }

  it.each(['refuses', 'is silent'])('a Redis that %s delays nobody', async (how) => {
    const { log, lines } = recorder();
    const nobody = await silence();
    if (how === 'refuses') await nobody.close();
    await using queue = await openQueue({ kind: 'redis', url: `redis://${nobody.host}` }, { log, name: newName() });
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', message: expect.stringContaining('Redis does not answer') }));
    const startedAt = performance.now();
    await expect(queue.wake([look()])).rejects.toThrow(/Redis is not connected/);
    expect(await queue.status()).toEqual({ kind: 'redis', reachable: false });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    if (how === 'is silent') await nobody.close();
  });

  it.each(['refuses', 'is silent'])('a PostgreSQL that %s is an error at once', async (how) => {
    const nobody = await silence();
    if (how === 'refuses') await nobody.close();
    const startedAt = performance.now();
    await expect(openQueue({ kind: 'postgres', url: `postgres://x:y@${nobody.host}/z` }, { log: recorder().log })).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    if (how === 'is silent') await nobody.close();
  });
});
