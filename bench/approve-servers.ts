import type { RequestListener } from 'node:http';
import { Worker } from 'node:worker_threads';
import { App, HTTPReceiver } from '@slack/bolt';
import { actionIds } from '../blocks/wire.ts';
import { policyText } from '../src/policy-text.ts';
import { createSlackApp } from '../src/slack/app.ts';
import { boltLog } from '../src/slack/bolt-log.ts';
import { eventsPath } from '../src/slack/http-entrance.ts';
import type { Clicked, Clicking } from './clicks.ts';
import { type Engine, org } from './engine.ts';
import { listenOn } from './server.ts';
import type { SlackStub } from './slack-stub.ts';

export const signingSecret = 'a secret of the benchmark';
const token = 'xoxb-bench';

/** What comes after the acknowledgement may fail where the machine is too slow; the person is told, and that is counted. */
const silent = { info() {}, warn() {}, error() {} };

/** The Slack door as it ships, over HTTP. Returns its origin. */
export async function serveOurs({ useCases }: Engine, slack: SlackStub, stack: AsyncDisposableStack): Promise<string> {
  const refusals = { count: () => undefined, write: async () => undefined };
  const app = stack.use(
    await createSlackApp(
      { mode: 'http', signingSecret, botToken: async () => token, apiUrl: slack.apiUrl },
      {
        useCases,
        org,
        log: silent,
        command: '/access',
        approvalsChannel: 'approvals',
        refusals,
        policyText,
        linkByEmail: true,
        openSignIn: undefined,
      },
    ),
  );
  const { handler } = app;
  if (handler === undefined) throw new Error('the app has no entrance');
  await app.start();
  return serve(handler, slack, stack);
}

/** The same receiver of Bolt's, with nothing before or behind it. */
export async function serveBare(slack: SlackStub, stack: AsyncDisposableStack): Promise<string> {
  const logger = boltLog(silent);
  const receiver = new HTTPReceiver({ signingSecret, logger, endpoints: [eventsPath] });
  const app = new App({
    token,
    botId: 'BBENCH',
    botUserId: 'UBENCHBOT',
    tokenVerificationEnabled: false,
    receiver,
    logger,
    convoStore: false,
  });
  app.action(actionIds.approve, ({ ack }) => ack());
  return serve((request, response) => receiver.requestListener(request, response), slack, stack);
}

const serve = (listener: RequestListener, slack: SlackStub, stack: AsyncDisposableStack): Promise<string> =>
  listenOn((request, response) => {
    slack.watch(request, response);
    listener(request, response);
  }, stack);

/** Whoever clicks does it in a thread of their own. */
export function startClicker(stack: AsyncDisposableStack): (clicking: Clicking) => Promise<Clicked> {
  const worker = new Worker(new URL('./clicks.ts', import.meta.url));
  stack.defer(async () => void (await worker.terminate()));
  return (clicking) =>
    new Promise((resolve, reject) => {
      worker.removeAllListeners('error').once('error', reject);
      worker.once('message', resolve);
      worker.postMessage(clicking);
    });
}
