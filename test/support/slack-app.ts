import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Home, HomePage } from '../../src/app/read-home.ts';
import { createRefusalCounter } from '../../src/app/count-refusals.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import { type Email, parsePersonId } from '../../src/domain/ids.ts';
import type { Person } from '../../src/domain/request.ts';
import { policyText } from '../../src/policy-text.ts';
import { createSlackApp, type SlackApp, type SlackDeps } from '../../src/slack/app.ts';
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

export const onePage = (requests: HomePage['requests']): HomePage => ({ requests, newer: undefined, older: undefined });
/** The home of somebody who has nothing and waits for nothing. */
export const noHome: Home = {
  waiting: onePage([]),
  requests: onePage([]),
  access: onePage([]),
  overdue: undefined,
  isOwner: false,
  recent: [],
};

function marksInMemory(): UseCases['accountChanges'] {
  const marks = new Map<string, string>();
  return {
    mark: async (_org, account) => marks.get(account),
    add: async (_org, account) => void marks.set(account, String(Number(marks.get(account) ?? 0) + 1)),
  };
}

/** The Slack door before a local workspace and behind a port of its own, over use cases that the test gives. */
export async function startSlackApp(
  mode: Mode,
  overrides: Partial<UseCases>,
  approvalsChannel = 'approvals',
  more: Parameters<typeof startLocalSlack>[0] = {},
  deps: Partial<SlackDeps> = {},
  timeout?: number,
): Promise<RunningSlack> {
  const slack = await startLocalSlack(more);
  const logged: Logged[] = [];
  const log = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
  const options = {
    botToken: async () => TOKENS.botToken,
    apiUrl: `${slack.url}/sandbox/slack/api/`,
    ...(timeout === undefined ? {} : { timeout }),
  };
  const useCases = fakeUseCases({
    identify: async (_org, { email }) => identified(email),
    linkAccount: async (_org, { email }) => (email === undefined ? { why: 'unlinked' } : { person: identified(email) }),
    namedPerson: async (_org, { email }) => (email === undefined ? { why: 'unlinked' } : { person: identified(email) }),
    findLink: async () => undefined,
    linkedUser: async () => undefined,
    deliveries: { claim: async () => true },
    accountChanges: marksInMemory(),
    homeTabs: { begin: async () => ({ draws: '1', changes: '0' }), drawn: async () => undefined },
    ...overrides,
  });
  const refusals = createRefusalCounter({ useCases, org, log: { error: log('error') } });
  const app = await createSlackApp(
    mode === 'socket' ? { mode, appToken: TOKENS.appToken, ...options } : { mode, signingSecret: TOKENS.signingSecret, ...options },
    {
      useCases,
      org,
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      command: '/access',
      approvalsChannel,
      refusals,
      policyText,
      linkByEmail: true,
      openSignIn: undefined,
      ...deps,
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
      await refusals.write();
    },
  };
}
