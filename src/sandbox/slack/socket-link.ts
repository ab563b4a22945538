import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { ACK_DEADLINE_MS, type Answer, type Delivery, type DeliveryTweaks } from './delivery.ts';
import { isJson, parseJson, textOf } from './json.ts';
import { APP } from './people.ts';

const SOCKETS_MAX = 10;
const TICKETS_MAX = 100;
const PING_EVERY_MS = 10_000;
const FRAME_BYTES = 1_000_000;
const CLOSE_WITHIN_MS = 500;
/** How long a socket still carries deliveries after Slack has announced its end. */
const GRACE_MS = 10_000;

/** `cut` ends the line without a word, `silence` leaves it open and dead; the rest is what Slack says before it closes. */
export type Ending = 'warning' | 'refresh_requested' | 'link_disabled' | 'cut' | 'silence';
/** `count`: only so many sockets, the oldest first. `graceMs`: between the announcement and the end. */
export type EndingTweaks = { count?: number; graceMs?: number };

export type SocketLink = {
  isOpen: () => boolean;
  /** A single-use ticket for one websocket, or Slack's refusal when there are ten already. */
  ticket: () => string | undefined;
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, ticket: string) => void;
  send: (delivery: Delivery, tweaks?: DeliveryTweaks) => Promise<Answer>;
  /** How many sockets the app holds. */
  count: () => number;
  /** Ends sockets. One that is warned of its end carries deliveries until then. */
  disconnect: (how: Ending, tweaks?: EndingTweaks) => void;
  close: () => Promise<void>;
};

type Waiting = { socket: WebSocket; answer: (answer: Answer) => void };

function refuseUpgrade(socket: Duplex): void {
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

/** The workspace's end of Socket Mode. Payloads go to the open sockets in turn. */
export function createSocketLink(onChange: () => void): SocketLink {
  const server = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES });
  const sockets: WebSocket[] = [];
  const retired = new WeakSet<WebSocket>();
  const tickets = new Set<string>();
  const waiting = new Map<string, Waiting>();
  let turn = 0;

  const settle = (envelopeId: string, answer: Answer) => {
    const entry = waiting.get(envelopeId);
    waiting.delete(envelopeId);
    entry?.answer(answer);
    if (entry !== undefined && retired.has(entry.socket)) retire(entry.socket);
  };
  /** It gets nothing more, and is closed when what it carries is acknowledged. */
  const retire = (socket: WebSocket) => {
    retired.add(socket);
    if (![...waiting.values()].some((entry) => entry.socket === socket)) socket.close(1000);
  };
  const onFrame = (raw: RawData) => {
    const frame = parseJson(Array.isArray(raw) ? Buffer.concat(raw).toString() : Buffer.from(new Uint8Array(raw)).toString());
    if (!isJson(frame)) return;
    const payload = frame['payload'];
    settle(textOf(frame['envelope_id']), { kind: 'acked', body: isJson(payload) ? payload : {} });
  };
  const onGone = (socket: WebSocket) => {
    const position = sockets.indexOf(socket);
    if (position >= 0) sockets.splice(position, 1);
    for (const [envelopeId, entry] of waiting) {
      if (entry.socket === socket) settle(envelopeId, { kind: 'failed', reason: 'connection_failed' });
    }
    onChange();
  };
  const onOpen = (socket: WebSocket) => {
    sockets.push(socket);
    socket.on('message', onFrame);
    socket.on('close', () => onGone(socket));
    // Without a listener a broken frame would end the whole program; the close that follows does the rest.
    socket.on('error', () => socket.terminate());
    const hello = {
      type: 'hello',
      num_connections: sockets.length,
      connection_info: { app_id: APP.id },
      debug_info: { host: 'local', approximate_connection_time: 18_060 },
    };
    socket.send(JSON.stringify(hello));
    onChange();
  };
  const pinger = setInterval(() => {
    for (const socket of sockets) socket.ping();
  }, PING_EVERY_MS);
  pinger.unref();

  return {
    isOpen: () => sockets.length > 0,
    count: () => sockets.length,
    ticket: () => {
      if (sockets.length >= SOCKETS_MAX) return undefined;
      const ticket = randomBytes(18).toString('base64url');
      tickets.add(ticket);
      const oldest = tickets.values().next();
      if (tickets.size > TICKETS_MAX && oldest.done !== true) tickets.delete(oldest.value);
      return ticket;
    },
    upgrade: (request, socket, head, ticket) => {
      if (!tickets.delete(ticket) || sockets.length >= SOCKETS_MAX) refuseUpgrade(socket);
      else server.handleUpgrade(request, socket, head, onOpen);
    },
    send: (delivery, tweaks = {}) => {
      const open = sockets.filter((each) => each.readyState === each.OPEN && !retired.has(each));
      const socket = open[turn % Math.max(1, open.length)];
      turn += 1;
      if (socket === undefined) return Promise.resolve({ kind: 'failed', reason: 'no open socket' });
      const envelopeId = tweaks.envelopeId ?? randomUUID();
      const envelope = {
        envelope_id: envelopeId,
        type: delivery.type,
        payload: delivery.payload,
        accepts_response_payload: delivery.type !== 'events_api',
        ...(delivery.type === 'events_api' ? { retry_attempt: tweaks.retry?.attempt ?? 0, retry_reason: tweaks.retry?.reason ?? '' } : {}),
      };
      return new Promise((resolve) => {
        const timer = setTimeout(() => settle(envelopeId, { kind: 'timeout' }), ACK_DEADLINE_MS);
        waiting.set(envelopeId, {
          socket,
          answer: (answer) => {
            clearTimeout(timer);
            resolve(answer);
          },
        });
        socket.send(JSON.stringify(envelope));
      });
    },
    disconnect: (how, { count = sockets.length, graceMs = GRACE_MS } = {}) => {
      for (const socket of sockets.slice(0, count)) {
        if (how === 'cut') socket.terminate();
        else if (how === 'silence') socket.pause();
        else {
          socket.send(JSON.stringify({ type: 'disconnect', reason: how, debug_info: { host: 'local' } }));
          if (how === 'link_disabled') socket.close(1000);
          else setTimeout(() => retire(socket), graceMs).unref();
        }
      }
    },
    close: async () => {
      clearInterval(pinger);
      for (const envelopeId of waiting.keys()) settle(envelopeId, { kind: 'failed', reason: 'workspace closed' });
      for (const socket of sockets) {
        socket.send(JSON.stringify({ type: 'disconnect', reason: 'link_disabled', debug_info: { host: 'local' } }));
        socket.close(1001);
      }
      const cut = setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, CLOSE_WITHIN_MS);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      clearTimeout(cut);
    },
  };
}
