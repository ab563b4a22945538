/**
 * Slack's pace. Its limits are per method and workspace: so many calls a minute, and a pause of that method where it says so.
 * Posting has another one besides, about one message a second and conversation.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { WebAPIRateLimitedError } from '@slack/web-api';

export type Pace = {
  /**
   * Makes a call when its turn comes. A rate limit holds back its method, or, where something is posted, its conversation.
   * No method waits for another.
   * @param channel where something is posted; undefined for every other call
   * @param waitMs how long its turn is waited for, at most
   * @throws where its turn would come later
   */
  run<T>(method: string, channel: string | undefined, call: () => Promise<T>, waitMs?: number): Promise<T>;
};

/** A limit on calls in a row: so many may follow each other at once after a silence, then one each `everyMs`. */
type Rate = { readonly burst: number; readonly everyMs: number };
const posting: Rate = { burst: 6, everyMs: 1_000 };
/** Fifty a minute, and more would only meet the limit. */
const methods: Readonly<Record<string, Rate>> = { 'chat.update': { burst: 50, everyMs: 1_200 } };
/** Whoever waits holds the messages of a request, for less than their lease. */
const patienceMs = 12_000;
const mostKept = 10_000;
/** Any rate's whole burst is to be had again after this long a silence. */
const forgottenMs = 60_000;

export function createPace(nowMs: () => number, sleepMs: (ms: number) => Promise<unknown> = wait): Pace {
  /** By conversation, or method: when the next call would come if there were no bursts. */
  const due = new Map<string, number>();
  /** By conversation, or method: when Slack's pause ends. */
  const pauses = new Map<string, number>();
  /** By method: the last conversation that was paused, and until when. */
  const paused = new Map<string, { readonly line: string; readonly untilMs: number }>();
  const sleepUntil = async (atMs: number, giveUpMs: number, method: string): Promise<void> => {
    const ms = atMs - nowMs();
    if (atMs > giveUpMs) throw new Error(`${method} would have to wait ${Math.ceil(ms / 1000)} s`);
    if (ms > 0) await sleepMs(ms);
  };
  const pause = (method: string, line: string, untilMs: number): void => {
    keep(pauses, line, untilMs, nowMs());
    if (line === method) return;
    // Slack does not say which of its limits was met. Two conversations at a time are the whole workspace.
    const other = paused.get(method);
    if (other !== undefined && other.line !== line && other.untilMs > nowMs()) keep(pauses, method, untilMs, nowMs());
    paused.set(method, { line, untilMs });
  };
  return {
    async run(method, channel, call, waitMs = patienceMs) {
      const giveUpMs = nowMs() + waitMs;
      const line = channel ?? method;
      const rate = channel === undefined ? methods[method] : posting;
      const heldUntil = () => Math.max(pauses.get(line) ?? 0, pauses.get(method) ?? 0);
      for (;;) {
        while (heldUntil() > nowMs()) await sleepUntil(heldUntil(), giveUpMs, method);
        if (rate !== undefined) {
          const next = Math.max(due.get(line) ?? -Infinity, nowMs() - (rate.burst - 1) * rate.everyMs);
          if (next <= giveUpMs) keep(due, line, next + rate.everyMs, nowMs());
          await sleepUntil(next, giveUpMs, method);
          if (heldUntil() > nowMs()) continue;
        }
        try {
          return await call();
        } catch (error) {
          if (!(error instanceof WebAPIRateLimitedError)) throw error;
          const until = nowMs() + error.retryAfter * 1000;
          pause(method, line, until);
          // Whoever waits here begins again one by one, not all at once.
          if (rate !== undefined) keep(due, line, Math.max(due.get(line) ?? 0, until), nowMs());
        }
      }
    },
  };
}

function keep(map: Map<string, number>, key: string, atMs: number, nowMs: number): void {
  if (map.size >= mostKept) for (const [each, at] of map) if (at < nowMs - forgottenMs) map.delete(each);
  map.set(key, atMs);
}
