import { WebAPIRateLimitedError } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/slack/pace.ts';

/** A clock that moves only when everybody waits. */
function createClock() {
  let nowMs = 0;
  const sleepers: { atMs: number; wake: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    sleepMs: (ms: number) => new Promise<void>((wake) => sleepers.push({ atMs: nowMs + ms, wake })),
    /** Until nobody sleeps any more. */
    async run(): Promise<void> {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const [next] = sleepers.toSorted((one, other) => one.atMs - other.atMs);
        if (next === undefined) return;
        nowMs = Math.max(nowMs, next.atMs);
        sleepers.splice(sleepers.indexOf(next), 1);
        next.wake();
      }
    },
  };
}

function start() {
  const clock = createClock();
  const pace = createPace(clock.nowMs, clock.sleepMs);
  const made: { what: string; atMs: number }[] = [];
  const failed: string[] = [];
  const call = (what: string, channel: string | undefined, method = 'chat.postMessage', limits: number[] = []) =>
    void pace
      .run(method, channel, async () => {
        const retryAfter = limits.shift();
        if (retryAfter !== undefined) throw new WebAPIRateLimitedError(retryAfter);
        made.push({ what, atMs: clock.nowMs() });
      })
      .catch((error: unknown) => failed.push(String(error)));
  return { clock, made, failed, call };
}
const times = (made: readonly { what: string; atMs: number }[], channel: string) =>
  made.filter(({ what }) => what.startsWith(channel)).map(({ atMs }) => atMs);

describe('the pace', () => {
  it('lets a short burst through, then one a second and conversation, and says no to who would wait too long', async () => {
    const { clock, made, failed, call } = start();
    for (let count = 0; count < 25; count++) call(`a${count}`, 'A');
    call('b', 'B');
    await clock.run();
    expect(times(made, 'a')).toEqual([0, 0, 0, 0, 0, 0, ...Array.from({ length: 12 }, (_, each) => (each + 1) * 1000)]);
    expect(made.filter(({ what }) => what !== 'b').map(({ what }) => what)).toEqual(Array.from({ length: 18 }, (_, each) => `a${each}`));
    expect(times(made, 'b')).toEqual([0]);
    expect(failed).toHaveLength(7);
  });

  it('waits as long as Slack says, in that conversation only', async () => {
    const { clock, made, call } = start();
    call('a1', 'A', 'chat.postMessage', [5]);
    await clock.run();
    call('b1', 'B', 'chat.postMessage', [3]);
    await new Promise((resolve) => setImmediate(resolve));
    call('b2', 'B');
    call('b3', undefined, 'conversations.open');
    call('c1', 'C');
    await clock.run();
    const at = new Map(made.map(({ what, atMs }) => [what, atMs]));
    expect(at.get('a1')).toBe(5_000);
    expect(at.get('c1')).toBe(5_000);
    // After the pause one by one.
    expect(new Set([at.get('b1'), at.get('b2')])).toEqual(new Set([8_000, 9_000]));
    expect(at.get('b3')).toBe(5_000);
  });

  it('gives up where the pause is longer than anybody may wait', async () => {
    const { clock, made, failed, call } = start();
    call('a', 'A', 'chat.postMessage', [60]);
    await clock.run();
    call('b', 'A');
    call('c', 'A', 'chat.update');
    await clock.run();
    expect(made).toEqual([]);
    expect(failed).toHaveLength(3);
  });

  it('holds a limited method in every conversation, and no other method', async () => {
    const { clock, made, failed, call } = start();
    call('update 1', undefined, 'chat.update', [9]);
    await new Promise((resolve) => setImmediate(resolve));
    call('update 2', undefined, 'chat.update');
    call('post', 'A');
    call('open', undefined, 'conversations.open');
    await clock.run();
    const at = new Map(made.map(({ what, atMs }) => [what, atMs]));
    expect([at.get('post'), at.get('open')]).toEqual([0, 0]);
    expect(Math.min(at.get('update 1') ?? 0, at.get('update 2') ?? 0)).toBe(9_000);
    expect(failed).toEqual([]);
  });

  it('redraws fifty at once and then as many as Slack takes in a minute', async () => {
    const { clock, made, failed, call } = start();
    for (let count = 0; count < 70; count++) call(`u${count}`, undefined, 'chat.update');
    for (let count = 0; count < 3; count++) call(`p${count}`, 'A');
    await clock.run();
    expect(times(made, 'u').filter((atMs) => atMs === 0)).toHaveLength(50);
    expect(times(made, 'u').slice(50)).toEqual(Array.from({ length: 10 }, (_, each) => (each + 1) * 1200));
    expect(times(made, 'p')).toEqual([0, 0, 0]);
    expect(failed).toHaveLength(10);
  });

  it('takes limits in two conversations at a time for one of the workspace', async () => {
    const { clock, made, call } = start();
    call('a', 'A', 'chat.postMessage', [4]);
    call('b', 'B', 'chat.postMessage', [6]);
    await new Promise((resolve) => setImmediate(resolve));
    call('c', 'C');
    call('u', undefined, 'chat.update');
    await clock.run();
    const at = new Map(made.map(({ what, atMs }) => [what, atMs]));
    expect(at.get('u')).toBe(0);
    expect(at.get('c')).toBe(6_000);
  });
});
