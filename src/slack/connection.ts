/** How Slack reaches us: a socket that we open, or signed posts. Bolt sees no difference. */
import { HTTPReceiver, type Logger, SocketModeReceiver } from '@slack/bolt';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../app/ports.ts';
import { createGuard } from './guard.ts';
import { createEntrance, eventsPath, type Handler } from './http-entrance.ts';

export type ConnectionOptions =
  | { readonly mode: 'socket'; readonly appToken: string; readonly apiUrl?: string | undefined }
  | { readonly mode: 'http'; readonly signingSecret: string; readonly apiUrl?: string | undefined };

export type Connection = {
  readonly receiver: HTTPReceiver | SocketModeReceiver;
  /** For requests under `/slack/`; undefined in Socket Mode. */
  readonly handler: Handler | undefined;
  open(): Promise<void>;
  isOpen(): boolean;
  close(): Promise<void>;
};

/** Bolt waits this long before it opens a lost socket again, and all the while people are told that the command failed. */
const reconnectMs = 2_000;
const closeMs = 2_000;

export function connect(options: ConnectionOptions, log: Log, logger: Logger): Connection {
  return options.mode === 'socket' ? overSocket(options, logger) : overHttp(options, log, logger);
}

function overSocket({ appToken, apiUrl }: ConnectionOptions & { mode: 'socket' }, logger: Logger): Connection {
  const receiver = new SocketModeReceiver({
    appToken,
    logger,
    clientPingTimeout: reconnectMs,
    // Left with the retries that Socket Mode chooses: when they are used up, the process dies of it.
    installerOptions: { clientOptions: { allowAbsoluteUrls: false, ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }) } },
  });
  let isOpen = false;
  receiver.client.on('connected', () => {
    isOpen = true;
  });
  for (const event of ['close', 'disconnected', 'disconnecting', 'reconnecting']) {
    receiver.client.on(event, () => {
      isOpen = false;
    });
  }
  return {
    receiver,
    handler: undefined,
    async open() {
      await receiver.start();
    },
    isOpen: () => isOpen,
    async close() {
      // Bolt's own stop() does not wait for the socket; and the socket may never answer.
      await Promise.race([receiver.client.disconnect(), wait(closeMs, undefined, { ref: false })]);
    },
  };
}

function overHttp({ signingSecret }: ConnectionOptions & { mode: 'http' }, log: Log, logger: Logger): Connection {
  const receiver = new HTTPReceiver({ signingSecret, logger, endpoints: [eventsPath] });
  const guard = createGuard(signingSecret, { epochMs: Date.now, monotonicMs: () => performance.now() });
  let isOpen = false;
  return {
    receiver,
    handler: createEntrance(guard, receiver, log),
    async open() {
      isOpen = true;
    },
    isOpen: () => isOpen,
    async close() {
      isOpen = false;
    },
  };
}
