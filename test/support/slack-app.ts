import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UseCases } from '../../src/app/use-cases.ts';
import { type Email, parsePersonId } from '../../src/domain/ids.ts';
import type { Person } from '../../src/domain/request.ts';
import { createSlackApp, type SlackApp } from '../../src/slack/app.ts';
import { fakeUseCases, must, org } from './http-app.ts';
import { type LocalSlack, startLocalSlack, TOKENS } from './local-slack.ts';

export type Mode = 'socket' | 'http';
export type Logged = { readonly level: string; readonly fields: object; readonly message: string };
export type RunningSlack = {
  readonly slack: LocalSlack;
  readonly app: SlackApp;
  readonly logged: Logged[];
  [Symbol.asyncDispose](): Promise<void>;
};

/** People are who their address says. */
export const identified = (email: Email): Person => ({
  id: must(parsePersonId(`01938a00-0000-7000-8000-${Buffer.from(email.padEnd(6)).toString('hex').slice(0, 12)}`)),
  email,
});

/** The Slack door before a local workspace and behind a port of its own, over use cases that the test gives. */
export async function startSlackApp(
  mode: Mode,
  overrides: Partial<UseCases>,
  approvalsChannel = 'approvals',
  more: Parameters<typeof startLocalSlack>[0] = {},
): Promise<RunningSlack> {
  const slack = await startLocalSlack(more);
  const logged: Logged[] = [];
  const log = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
  const options = { botToken: TOKENS.botToken, apiUrl: `${slack.url}/sandbox/slack/api/` };
  const app = await createSlackApp(
    mode === 'socket' ? { mode, appToken: TOKENS.appToken, ...options } : { mode, signingSecret: TOKENS.signingSecret, ...options },
    {
      useCases: fakeUseCases({ identify: async (_org, { email }) => identified(email), ...overrides }),
      org,
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      command: '/access',
      approvalsChannel,
    },
  );
  const server = createServer((request, response) => app.handler?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  slack.http.url = `http://127.0.0.1:${(address satisfies AddressInfo).port}/slack/events`;
  await app.start();
  if (mode === 'socket') await slack.workspace.until(() => slack.workspace.isSocketOpen());
  return {
    slack,
    app,
    logged,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await slack[Symbol.asyncDispose]();
    },
  };
}
