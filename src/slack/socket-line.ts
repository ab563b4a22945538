/** One socket of Socket Mode, from the dialling to its end. Knows nothing of what the payloads mean. */
import http from 'node:http';
import https from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { type RawData, WebSocket } from 'ws';

export type Envelope = {
  readonly body: Readonly<Record<string, unknown>>;
  readonly retry: { readonly attempt: number; readonly reason: string } | undefined;
  /** On the socket that the envelope came by: Slack waits for it there. Rejects where that is gone. */
  readonly ack: (answer?: unknown) => Promise<void>;
};

export type Line = {
  /** Settles at Slack's hello; rejects where none came. */
  readonly opened: Promise<void>;
  /** Settles with the reason once Slack has announced the end, or the end has come. Until it has, deliveries may still come. */
  readonly leaving: Promise<string>;
  readonly ended: Promise<string>;
  isOpen(): boolean;
  /** Waits for acknowledgements that are owed, then ends the line. What comes while it ends is neither taken nor acknowledged. */
  close(): Promise<void>;
};

const helloMs = 10_000;
/** An acknowledgement that is later than this is lost anyway. */
const owedMs = 3_000;
/** Slack leaves its end of a closed socket open. */
const closeMs = 1_000;
const mostBytes = 10_000_000;

/** @param pingMs how often the other end must show that it is there; a line that stays silent for so long is cut */
export function dial(url: string, onEnvelope: (envelope: Envelope) => void, pingMs: number): Line {
  // Node's own agents know of a proxy (NODE_USE_ENV_PROXY); without one of them the socket would go past it.
  const agent = url.startsWith('wss:') ? https.globalAgent : http.globalAgent;
  const socket = new WebSocket(url, { agent, handshakeTimeout: helloMs, maxPayload: mostBytes, perMessageDeflate: false });
  const [opened, leaving, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  // Whoever dials may look at `opened` later than it fails.
  opened.promise.catch(() => {});
  const owed = createOwed();
  let state: 'dialling' | 'open' | 'closing' | 'ended' = 'dialling';
  let reason = 'the socket closed';
  const stopWatching = watchPulse(socket, pingMs, (why) => {
    reason = why;
  });
  const noHello = setTimeout(() => socket.terminate(), helloMs);

  const take = (frame: Readonly<Record<string, unknown>>): void => {
    const id = frame['envelope_id'];
    const body = frame['payload'];
    if (state !== 'open' || typeof id !== 'string' || !isRecord(body)) return;
    const paid = owed.add();
    const attempt = frame['retry_attempt'];
    onEnvelope({
      body,
      retry: typeof attempt === 'number' && attempt > 0 ? { attempt, reason: String(frame['retry_reason']) } : undefined,
      ack: (answer = {}) =>
        new Promise((resolve, reject) => {
          const payload = typeof answer === 'string' ? { text: answer } : answer;
          socket.send(JSON.stringify({ envelope_id: id, payload }), (error) => {
            paid();
            if (error === undefined || error === null) resolve();
            else reject(new Error('the socket ended before the acknowledgement could be sent', { cause: error }));
          });
        }),
    });
  };
  socket.on('message', (raw) => {
    const frame = read(raw);
    if (frame?.['type'] === 'hello' && state === 'dialling') {
      state = 'open';
      clearTimeout(noHello);
      opened.resolve();
    } else if (frame?.['type'] === 'disconnect') {
      reason = `Slack said ${String(frame['reason'])}`;
      leaving.resolve(reason);
      // There are too many, as a rule.
      if (state === 'dialling') socket.terminate();
    } else if (frame !== undefined) take(frame);
  });
  socket.on('error', (error) => {
    reason = error.message;
  });
  socket.on('close', () => {
    state = 'ended';
    clearTimeout(noHello);
    stopWatching();
    opened.reject(new Error(`no hello from Slack: ${reason}`));
    leaving.resolve(reason);
    ended.resolve(reason);
  });
  return {
    opened: opened.promise,
    leaving: leaving.promise,
    ended: ended.promise,
    isOpen: () => state === 'open',
    async close() {
      if (state === 'open') await Promise.race([owed.paid(), ended.promise, wait(owedMs, undefined, { ref: false })]);
      if (state !== 'ended') state = 'closing';
      socket.close(1000);
      await Promise.race([ended.promise, wait(closeMs, undefined, { ref: false })]);
      socket.terminate();
      await ended.promise;
    },
  };
}

/** Pings the other end, and cuts a socket that does not answer before the next ping: half-open lines say nothing by themselves. */
function watchPulse(socket: WebSocket, pingMs: number, because: (why: string) => void): () => void {
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (!isAlive) {
      because('the other end fell silent');
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
  }, pingMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Acknowledgements that Slack still waits for. */
function createOwed() {
  let [count, allPaid] = [0, Promise.withResolvers<void>()];
  return {
    /** @returns what to call when it is sent */
    add(): () => void {
      if (count === 0) allPaid = Promise.withResolvers();
      count += 1;
      let isPaid = false;
      return () => {
        if (isPaid) return;
        isPaid = true;
        count -= 1;
        if (count === 0) allPaid.resolve();
      };
    },
    paid: (): Promise<void> => (count === 0 ? Promise.resolve() : allPaid.promise),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function read(raw: RawData): Readonly<Record<string, unknown>> | undefined {
  const text = Array.isArray(raw) ? Buffer.concat(raw).toString() : Buffer.from(new Uint8Array(raw)).toString();
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
