import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { parse } from 'yaml';
import { z } from 'zod';
import { createLocalWorkspace, type LocalWorkspace, type LocalWorkspaceOptions } from '../../src/sandbox/slack/local-workspace.ts';
import { stepFunctions } from '../../src/sandbox/slack/steps.ts';

export const TOKENS = { botToken: 'xoxb-local-test', appToken: 'xapp-local-test', signingSecret: 'a-signing-secret-of-tests' };

/** The steps that workflows can have are those of the app's own manifest. */
const { functions } = z
  .object({ functions: stepFunctions })
  .parse(parse(readFileSync(new URL('../../manifest.yml', import.meta.url), 'utf8')));

const MANIFEST = {
  functions,
  commands: [{ command: '/access', description: 'Ask for access', usage_hint: 'request …', should_escape: true }],
  shortcuts: [
    { name: 'Request access', callback_id: 'request_access', type: 'global' },
    { name: 'Request access for this', callback_id: 'request_from_message', type: 'message' },
  ],
};

export type LocalSlack = LocalWorkspace & { url: string; http: { url: string } };

/** A local workspace on a port of its own. */
export async function startLocalSlack(more: Partial<LocalWorkspaceOptions> = {}): Promise<LocalSlack> {
  const server = createServer((request, response) => {
    if (!local.handle(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (!local.upgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  // Port 9 takes no connections: until a test says where the app listens, nobody does.
  const http = { url: 'http://127.0.0.1:9/' };
  const local = createLocalWorkspace({ baseUrl: () => url, http, ...TOKENS, manifest: MANIFEST, ...more });
  return {
    ...local,
    url,
    http,
    [Symbol.asyncDispose]: async () => {
      await local[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function clientOptions(slack: LocalSlack) {
  return { slackApiUrl: `${slack.url}/sandbox/slack/api/`, retryConfig: { retries: 0 }, allowAbsoluteUrls: false };
}

/** A real Bolt app in Socket Mode, listening as `listen` says. */
export async function startSocketApp(slack: LocalSlack, listen: (app: App) => void): Promise<App & AsyncDisposable> {
  const app = new App({
    token: TOKENS.botToken,
    appToken: TOKENS.appToken,
    socketMode: true,
    clientOptions: clientOptions(slack),
    logLevel: LogLevel.ERROR,
  });
  listen(app);
  await app.start();
  await slack.workspace.until(() => slack.workspace.isSocketOpen());
  return Object.assign(app, {
    [Symbol.asyncDispose]: async () => {
      await app.stop();
    },
  });
}

/** A real Bolt app over HTTP, on a port of its own. */
export async function startHttpApp(slack: LocalSlack, listen: (app: App) => void): Promise<App & AsyncDisposable> {
  const receiver = new HTTPReceiver({ signingSecret: TOKENS.signingSecret, logLevel: LogLevel.ERROR, endpoints: ['/slack/events'] });
  const app = new App({ token: TOKENS.botToken, receiver, clientOptions: clientOptions(slack), logLevel: LogLevel.ERROR });
  listen(app);
  const server = await receiver.start({ port: 0, host: '127.0.0.1' });
  slack.http.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  return Object.assign(app, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await app.stop();
    },
  });
}
