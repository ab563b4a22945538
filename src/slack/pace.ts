/** Slack's pace: about one message a second and conversation, and a pause where it asks for one. */
import { setTimeout as wait } from 'node:timers/promises';
import { WebAPIRateLimitedError } from '@slack/web-api';

export type Pace = {
  /**
   * Makes a call when its turn comes. A rate limit holds back its conversation, or the method where it goes to none, and nothing else.
   * @param channel undefined for what goes to no conversation
   * @throws where its turn would come too late to wait for
   */
  run<T>(method: string, channel: string | undefined, call: () => Promise<T>): Promise<T>;
};

const everyMs = 1_000;
/** So many may follow each other at once in a conversation that was quiet. */
const burst = 6;
/** Whoever waits holds the messages of a request, for less than their lease. */
const patienceMs = 12_000;
const mostKept = 10_000;

export function createPace(nowMs: () => number, sleepMs: (ms: number) => Promise<unknown> = wait): Pace {
  /** By conversation: when the next call would come if there were no bursts. */
  const due = new Map<string, number>();
  /** By conversation, or method: when Slack's pause ends. */
  const pauses = new Map<string, number>();
  const sleepUntil = async (atMs: number, giveUpMs: number, method: string): Promise<void> => {
    const ms = atMs - nowMs();
    if (atMs > giveUpMs) throw new Error(`${method} would have to wait ${Math.ceil(ms / 1000)} s`);
    if (ms > 0) await sleepMs(ms);
  };
  return {
    async run(method, channel, call) {
      const giveUpMs = nowMs() + patienceMs;
      const line = channel ?? method;
      const isHeld = () => (pauses.get(line) ?? 0) > nowMs();
      for (;;) {
        while (isHeld()) await sleepUntil(pauses.get(line) ?? 0, giveUpMs, method);
        if (channel !== undefined) {
          const next = Math.max(due.get(channel) ?? -Infinity, nowMs() - (burst - 1) * everyMs);
          if (next <= giveUpMs) keep(due, channel, next + everyMs, nowMs());
          await sleepUntil(next, giveUpMs, method);
          if (isHeld()) continue;
        }
        try {
          return await call();
        } catch (error) {
          if (!(error instanceof WebAPIRateLimitedError)) throw error;
          const until = nowMs() + error.retryAfter * 1000;
          keep(pauses, line, until, nowMs());
          // Whoever waits here begins again one by one, not all at once.
          if (channel !== undefined) keep(due, channel, Math.max(due.get(channel) ?? 0, until), nowMs());
        }
      }
    },
  };
}

function keep(map: Map<string, number>, key: string, atMs: number, nowMs: number): void {
  if (map.size >= mostKept) for (const [each, at] of map) if (at < nowMs - burst * everyMs) map.delete(each);
  map.set(key, atMs);
}
