/** Slack may be away when we start, and access must be taken away meanwhile: so it is waited for, and not a reason to stop. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Log, Messenger } from './app/ports.ts';
import { isAway } from './slack/api-error.ts';
import type { SlackApp } from './slack/app.ts';
import { createBackoff } from './slack/backoff.ts';

export type ReachedSlack = {
  readonly messenger: Messenger;
  /** Of what comes in over HTTP; undefined while Slack has not been reached. */
  handler(): SlackApp['handler'];
  isReady(): boolean;
  /** From here on commands and clicks are taken, once Slack is there. @throws where Slack refuses us */
  start(): Promise<void>;
} & AsyncDisposable;

type Waiting = { readonly make: () => Promise<SlackApp>; readonly listens: boolean; readonly log: Log };

/**
 * @param make  asks Slack who we are
 * @throws where Slack refuses us for good, such as for a wrong token; not where it cannot be reached now
 */
export async function reachSlack({ make, listens, log }: Waiting): Promise<ReachedSlack> {
  const stopping = new AbortController();
  let app: SlackApp | undefined;
  let isStarted = false;
  let waiting = Promise.resolve();
  let looking = Promise.resolve();
  const there = (): SlackApp => {
    if (app === undefined) throw new Error('Slack has not been reached yet');
    return app;
  };
  const open = async (): Promise<void> => {
    const made = await make();
    try {
      if (isStarted && listens) await made.start();
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
    app = made;
    looking = tellChannels(made, log);
  };
  const keepTrying = async (): Promise<void> => {
    const backoff = createBackoff();
    // The first failure has been seen.
    backoff.failed();
    while (app === undefined && !stopping.signal.aborted) {
      await wait(backoff.failed(), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await open().then(
        () => log.info({}, 'Slack has been reached'),
        (error: unknown) => log.error({ err: error }, 'Slack cannot be used yet; nobody is told anything, and it is tried again'),
      );
    }
  };
  const waitFor = (error: unknown): void => {
    if (!isAway(error)) throw error;
    log.error({ err: error }, 'Slack cannot be reached. Access is taken away all the same; nobody is told before Slack is back');
    waiting = keepTrying();
  };
  await open().catch(waitFor);
  return {
    messenger: {
      post: async (...given) => there().messenger.post(...given),
      find: async (...given) => there().messenger.find(...given),
      redraw: async (...given) => there().messenger.redraw(...given),
      linkTo: async (...given) => there().messenger.linkTo(...given),
      tellLinked: async (...given) => there().messenger.tellLinked(...given),
      drift: {
        post: async (...given) => there().messenger.drift.post(...given),
        find: async (...given) => there().messenger.drift.find(...given),
        redraw: async (...given) => there().messenger.drift.redraw(...given),
      },
      endStep: async (...given) => there().messenger.endStep(...given),
      drawHome: async (...given) => there().messenger.drawHome(...given),
    },
    handler: () => app?.handler,
    isReady: () => app !== undefined && (!listens || app.isReady()),
    async start() {
      isStarted = true;
      const reached = app;
      if (reached === undefined || !listens) return;
      try {
        await reached.start();
      } catch (error) {
        app = undefined;
        await reached[Symbol.asyncDispose]();
        waitFor(error);
      }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await waiting;
      await looking;
      await app?.[Symbol.asyncDispose]();
    },
  };
}

/** A channel that was archived, or that nobody invited us to, is found out now and not with the first request at night. Nothing waits for this. */
async function tellChannels(app: SlackApp, log: Log): Promise<void> {
  try {
    for (const problem of await app.channelProblems()) log.error({ problem }, 'a channel for approvals cannot be used');
  } catch (error) {
    log.warn({ err: error }, 'it cannot be told now whether the channels for approvals can be used');
  }
}
