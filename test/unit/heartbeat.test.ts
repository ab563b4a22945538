import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startHeartbeat } from '../../src/heartbeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const log = { info() {}, warn() {}, error: vi.fn() };
const forever = () => new Promise<never>(() => {});

function fakeWork() {
  const part = () => vi.fn(async () => undefined);
  return {
    take: vi.fn(async () => 0),
    give: vi.fn(async () => 0),
    panic: part(),
    turnHours: part(),
    handOver: vi.fn(async () => 0),
    lapse: part(),
    remind: part(),
    deliver: part(),
    homes: part(),
    tellLinked: part(),
    endSteps: part(),
    arm: part(),
    watchDrift: part(),
    findOrphans: part(),
    tellDrift: part(),
    relay: part(),
    seal: vi.fn(async () => 0),
    callWebhooks: vi.fn(async () => 0),
    forget: part(),
  };
}

it('goes on taking while Slack, a target and the queue hang', async () => {
  const work = { ...fakeWork(), give: vi.fn(forever), deliver: vi.fn(forever), arm: vi.fn(forever) };
  startHeartbeat(work, log);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(work.take).toHaveBeenCalledTimes(13);
  for (const hung of [work.give, work.deliver, work.arm]) expect(hung).toHaveBeenCalledTimes(1);
});

it('takes a few times side by side where one turn hangs, and does not pile up', async () => {
  const work = { ...fakeWork(), take: vi.fn(forever) };
  startHeartbeat(work, log);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(work.take).toHaveBeenCalledTimes(3);
});

it('calls webhooks side by side up to a bound, while receivers hang, and goes on taking', async () => {
  const work = { ...fakeWork(), callWebhooks: vi.fn(forever) };
  startHeartbeat(work, log);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(work.callWebhooks).toHaveBeenCalledTimes(8);
  expect(work.take).toHaveBeenCalledTimes(13);
});

it('looks again where it was woken while it was looking', async () => {
  let finish: (() => void) | undefined;
  const work = {
    ...fakeWork(),
    relay: vi.fn(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    ),
  };
  const heartbeat = startHeartbeat(work, log);
  heartbeat.wake();
  heartbeat.wake();
  expect(work.relay).toHaveBeenCalledTimes(1);
  finish?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(work.relay).toHaveBeenCalledTimes(2);
});

it('seals at once what comes alone, and together what comes shortly after', async () => {
  const work = fakeWork();
  const heartbeat = startHeartbeat(work, log);
  await vi.advanceTimersByTimeAsync(0);
  work.seal.mockClear();
  heartbeat.wake();
  expect(work.seal).toHaveBeenCalledTimes(1);
  for (let n = 0; n < 50; n++) {
    heartbeat.wake();
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(work.seal).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(work.seal).toHaveBeenCalledTimes(2);
  expect(work.relay.mock.calls.length).toBeGreaterThan(50);
  // What waits when everything stops is sealed before.
  heartbeat.wake();
  await heartbeat[Symbol.asyncDispose]();
  expect(work.seal).toHaveBeenCalledTimes(3);
});

it('comes again after a part failed, and stops when it is told to', async () => {
  const work = { ...fakeWork(), lapse: vi.fn(async () => Promise.reject(new Error('the database is away'))) };
  const heartbeat = startHeartbeat(work, log);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(work.lapse).toHaveBeenCalledTimes(2);
  expect(log.error).toHaveBeenCalled();
  await heartbeat[Symbol.asyncDispose]();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(work.lapse).toHaveBeenCalledTimes(2);
});
