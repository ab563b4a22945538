/**
 * Socket Mode for Bolt, over two sockets: Slack sends to whichever is open, so that nobody is told that a command failed
 * while one of them is dialled again. Bolt's own receiver has one, and dies of an answer of 500 while it reconnects.
 */
import type { App, Receiver } from '@slack/bolt';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../app/ports.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { dial, type Envelope, type Line } from './socket-line.ts';

export type SocketReceiver = Pick<Receiver, 'init'> & {
  /** Whether Slack can reach us at this moment. */
  isOpen(): boolean;
  /** Settles when the first socket is open; rejects where Slack will have none. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export type SocketDeps = {
  /** Asks Slack for an address, good for one socket. */
  readonly address: () => Promise<string>;
  /** Whether asking again may help: before the first socket is open, a wrong token ends the start. */
  readonly isPassing: (error: unknown) => boolean;
  /** How long Slack wants us to wait before the next question. */
  readonly askedWaitMs: (error: unknown) => number;
  readonly log: Log;
  readonly sockets?: number;
  readonly pingMs?: number;
};

const triesAtStart = 5;
/** Slack ends a line that it warned of within some ten seconds. This is for one that it forgot. */
const lingerMs = 15_000;

export function createSocketReceiver(deps: SocketDeps): SocketReceiver {
  const { log, sockets = 2, pingMs = 5_000 } = deps;
  const stopping = new AbortController();
  const lines = new Set<Line>();
  let app: App | undefined;

  const onEnvelope = (envelope: Envelope): void => {
    app?.processEvent(toEvent(envelope)).catch((error: unknown) => log.error({ err: error }, 'Bolt could not take a delivery'));
  };
  const open = async (): Promise<Line> => {
    const address = await deps.address();
    stopping.signal.throwIfAborted();
    const line = dial(address, onEnvelope, pingMs);
    lines.add(line);
    void line.ended.then(() => lines.delete(line));
    await line.opened;
    return line;
  };
  const pause = async (backoff: Backoff, error?: unknown): Promise<void> => {
    await wait(Math.max(backoff.failed(), deps.askedWaitMs(error)), undefined, { signal: stopping.signal }).catch(() => {});
  };
  /** Slack ends a line when it is done with it: until then it may still carry something. */
  const retire = async (line: Line): Promise<void> => {
    await Promise.race([line.ended, wait(lingerMs, undefined, { ref: false, signal: stopping.signal }).catch(() => {})]);
    await line.close();
  };
  /** Keeps one socket open, whatever happens to it, until the stop. */
  const keep = async (first?: Line): Promise<void> => {
    const backoff = createBackoff();
    let line = first;
    while (!stopping.signal.aborted) {
      try {
        line ??= await open();
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.warn({ err: error, open: lines.size }, 'could not open a socket to Slack; trying again');
        await pause(backoff, error);
        continue;
      }
      backoff.began();
      const why = await line.leaving;
      if (stopping.signal.aborted) return;
      log.info({ why, open: lines.size }, 'a socket to Slack ends; opening another');
      void retire(line);
      line = undefined;
      await pause(backoff);
    }
  };
  const openFirst = async (): Promise<Line> => {
    const backoff = createBackoff();
    for (let tries = 1; ; tries++) {
      try {
        return await open();
      } catch (error) {
        if (tries >= triesAtStart || stopping.signal.aborted || !deps.isPassing(error)) throw error;
        log.warn({ err: error, tries }, 'could not open a socket to Slack; trying again');
        await pause(backoff, error);
      }
    }
  };
  return {
    init(given) {
      app = given;
    },
    isOpen: () => !stopping.signal.aborted && [...lines].some((line) => line.isOpen()),
    async start() {
      void keep(await openFirst());
      for (let seat = 1; seat < sockets; seat++) void keep();
    },
    async stop() {
      stopping.abort();
      await Promise.all([...lines].map((line) => line.close()));
    },
  };
}

function toEvent({ body, retry, ack }: Envelope): Parameters<App['processEvent']>[0] {
  let isAcked = false;
  return {
    body: { ...body },
    ...(retry === undefined ? {} : { retryNum: retry.attempt, retryReason: retry.reason }),
    async ack(answer?: unknown) {
      // A custom step is acknowledged by Bolt as well.
      if (isAcked) return;
      isAcked = true;
      await ack(answer);
    },
  };
}
