/** How Slack reaches us: a socket that we open, or signed posts. Bolt sees no difference. */
import { HTTPReceiver, type Logger, type Receiver } from '@slack/bolt';
import { WebAPIRateLimitedError, WebClient } from '@slack/web-api';
import type { Log } from '../app/ports.ts';
import { isAway } from './api-error.ts';
import { createGuard } from './guard.ts';
import { createEntrance, eventsPath, type Handler } from './http-entrance.ts';
import type { CountRefused } from './refused.ts';
import { createSocketReceiver } from './socket-receiver.ts';

export type ConnectionOptions =
  | { readonly mode: 'socket'; readonly appToken: string; readonly apiUrl?: string | undefined }
  | { readonly mode: 'http'; readonly signingSecret: string; readonly apiUrl?: string | undefined };

export type Connection = {
  readonly receiver: Receiver;
  /** For requests under `/slack/`; undefined in Socket Mode. */
  readonly handler: Handler | undefined;
  open(): Promise<void>;
  isOpen(): boolean;
  close(): Promise<void>;
};

const openMs = 10_000;

export function connect(options: ConnectionOptions, log: Log, logger: Logger, countRefused: CountRefused): Connection {
  return options.mode === 'socket' ? overSocket(options, log, logger) : overHttp(options, log, logger, countRefused);
}

function overSocket({ appToken, apiUrl }: ConnectionOptions & { mode: 'socket' }, log: Log, logger: Logger): Connection {
  // Without retries of its own: whoever keeps the sockets decides when to ask again.
  const client = new WebClient(appToken, {
    logger,
    timeout: openMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
  });
  const receiver = createSocketReceiver({
    async address() {
      const { url } = await client.apps.connections.open({});
      if (url === undefined) throw new Error('apps.connections.open named no address');
      return url;
    },
    isPassing: isAway,
    askedWaitMs: (error) => (error instanceof WebAPIRateLimitedError ? error.retryAfter * 1_000 : 0),
    log,
  });
  return {
    receiver,
    handler: undefined,
    open: () => receiver.start(),
    isOpen: () => receiver.isOpen(),
    close: () => receiver.stop(),
  };
}

function overHttp(
  { signingSecret }: ConnectionOptions & { mode: 'http' },
  log: Log,
  logger: Logger,
  countRefused: CountRefused,
): Connection {
  const receiver = new HTTPReceiver({ signingSecret, logger, endpoints: [eventsPath] });
  const guard = createGuard(signingSecret, { epochMs: Date.now, monotonicMs: () => performance.now() });
  let isOpen = false;
  return {
    receiver,
    handler: createEntrance(guard, receiver, log, countRefused),
    async open() {
      isOpen = true;
    },
    isOpen: () => isOpen,
    async close() {
      isOpen = false;
    },
  };
}
