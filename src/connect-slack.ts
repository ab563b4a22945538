import { randomBytes } from 'node:crypto';
import { createBotToken } from './app/bot-token.ts';
import type { RefusalCounter } from './app/count-refusals.ts';
import type { Log, Messenger, Vault } from './app/ports.ts';
import type { SignInSteps } from './app/sign-in.ts';
import type { Store } from './app/store.ts';
import type { UseCases } from './app/use-cases.ts';
import type { Config } from './config.ts';
import { Secret } from './config/secret.ts';
import type { BotTokenChoice } from './config/config-types.ts';
import type { Door } from './door.ts';
import { policyText } from './policy-text.ts';
import { reachSlack } from './reach-slack.ts';
import { createLocalWorkspace, type LocalWorkspace } from './sandbox/slack/local-workspace.ts';
import { createSlackApp, type SlackOptions } from './slack/app.ts';
import { createRenewal } from './slack/renew-token.ts';
import type { BotToken } from './slack/token-client.ts';

const eventsPath = '/slack/events';
const sandboxPath = '/sandbox';
const shortcuts = [
  { name: 'Request access', callback_id: 'request_access', type: 'global' },
  { name: 'Request access for this', callback_id: 'request_from_message', type: 'message' },
] as const;

/** Slack, real or local: where messages go, and whether somebody listens. */
export type SlackLink = {
  readonly messenger: Messenger;
  readonly workspace: LocalWorkspace['workspace'] | undefined;
  /** Where a browser sees it, where it is built in. */
  readonly page: string | undefined;
  isReady(): boolean;
  /** Begins to take commands and clicks. Without the web role there is nothing to take. While Slack is away it is waited for. */
  start(): Promise<void>;
} & AsyncDisposable;

export async function connectSlack(
  config: Config,
  door: Door,
  {
    useCases,
    refusals,
    signIn,
    store,
    vault,
    log,
  }: {
    readonly useCases: UseCases;
    readonly refusals: RefusalCounter;
    /** Undefined: nobody can sign in to link an account. */
    readonly signIn: SignInSteps | undefined;
    readonly store: Pick<Store, 'botTokens'>;
    readonly vault: Vault;
    readonly log: Log;
  },
): Promise<SlackLink> {
  await using stack = new AsyncDisposableStack();
  const local = config.slack.kind === 'local' ? stack.use(openWorkspace(config.command, door, log)) : undefined;
  const options = local?.options ?? optionsOf(config, { store, vault, log });
  const make = () =>
    createSlackApp(options, {
      useCases,
      org: config.org,
      log,
      command: config.command,
      approvalsChannel: config.slackChannels.approvals,
      otherChannels: [...config.slackChannels.byPolicy.values()],
      refusals,
      policyText,
      linkByEmail: config.linkByEmail,
      openSignIn: signIn && (async (account, shown) => `${door.publicUrl}/link/${await signIn.open(config.org, account, shown)}`),
    });
  const slack = stack.use(await reachSlack({ make, listens: config.roles.has('web'), log }));
  if (options.mode === 'http')
    door.serve(eventsPath, (request, response) => {
      const handler = slack.handler();
      if (handler !== undefined) handler(request, response);
      // Whatever it is, Slack is told to send it again.
      else response.writeHead(503, { 'retry-after': '10' }).end();
    });
  const kept = stack.move();
  return {
    messenger: slack.messenger,
    workspace: local?.workspace,
    page: local && sandboxPath,
    isReady: () => slack.isReady(),
    start: () => slack.start(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Keeping = { readonly store: Pick<Store, 'botTokens'>; readonly vault: Vault; readonly log: Log };
type Api = { readonly apiUrl?: string };

function botTokenOf(choice: BotTokenChoice, { org }: Config, api: Api, { store, vault, log }: Keeping): BotToken {
  if (choice instanceof Secret) return async () => choice.reveal();
  const renew = createRenewal({ clientId: choice.clientId, clientSecret: choice.clientSecret.reveal(), ...api }, log);
  return createBotToken({ store, vault, org, seed: choice.refreshToken.reveal(), renew, log, monotonicMs: () => performance.now() });
}

/** The real Slack, or whatever server the configuration says speaks like it. */
function optionsOf(config: Config, keeping: Keeping): SlackOptions {
  const { slack } = config;
  const api = 'apiUrl' in slack && slack.apiUrl !== undefined ? { apiUrl: slack.apiUrl } : {};
  switch (slack.kind) {
    case 'socket':
      return { mode: 'socket', botToken: botTokenOf(slack.botToken, config, api, keeping), appToken: slack.appToken.reveal(), ...api };
    case 'http':
      return {
        mode: 'http',
        botToken: botTokenOf(slack.botToken, config, api, keeping),
        signingSecret: slack.signingSecret.reveal(),
        ...api,
      };
    case 'local':
      throw new Error('the local workspace brings its own tokens');
  }
}

function openWorkspace(command: string, door: Door, log: Log) {
  // Made anew at each start: whoever can read them could only talk to a workspace that is gone by then.
  const token = () => randomBytes(24).toString('hex');
  const tokens = { botToken: `xoxb-local-${token()}`, appToken: `xapp-local-${token()}`, signingSecret: token() };
  const baseUrl = `http://127.0.0.1:${door.port}`;
  const workspace = createLocalWorkspace({
    baseUrl: () => baseUrl,
    ...tokens,
    manifest: {
      commands: [{ command, description: 'Request or review access', usage_hint: 'request pg role readonly' }],
      shortcuts,
    },
    log: (line) => log.warn({ line }, 'the local Slack workspace'),
  });
  door.serve(sandboxPath, (request, response) => {
    if (!workspace.handle(request, response)) response.writeHead(404).end();
  });
  door.upgrade(workspace.upgrade);
  const options: SlackOptions = {
    mode: 'socket',
    botToken: async () => tokens.botToken,
    appToken: tokens.appToken,
    apiUrl: `${baseUrl}/sandbox/slack/api/`,
  };
  return { options, workspace: workspace.workspace, [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose]() };
}
