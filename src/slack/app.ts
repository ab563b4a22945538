import type { WebClient, WebClientOptions } from '@slack/web-api';
import type { RefusalCounter } from '../app/count-refusals.ts';
import type { Log } from '../app/ports.ts';
import type { Messenger } from '../app/ports.ts';
import type { ShownAccount } from '../app/sign-in-store.ts';
import type { AccountId, UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import { UselessToken } from './api-error.ts';
import { boltLog } from './bolt-log.ts';
import { channelProblems } from './channels.ts';
import { connect, type ConnectionOptions } from './connection.ts';
import { watchDeliveries } from './deliveries.ts';
import { createIsFirst } from './first-delivery.ts';
import type { Handler } from './http-entrance.ts';
import { createIdentities } from './identity.ts';
import { listen } from './listen.ts';
import { createMessenger } from './messenger.ts';
import { missingScopes } from './missing-scopes.ts';
import { createPace } from './pace.ts';
import { createPeople, type InTurn, type People } from './people.ts';
import { createPlaces } from './places.ts';
import type { PolicyText } from './policy-text.ts';
import { createPromptClient } from './prompt-client.ts';
import { RecordingApp } from './recording-app.ts';
import { countRefusedBy } from './refused.ts';
import { type BotToken, TokenClient } from './token-client.ts';
import { createTurns } from './turns.ts';

/** `apiUrl`: the Web API's address with a slash at its end, where it is not Slack's own. `timeout`: of a call to Slack, ms. */
export type SlackOptions = ConnectionOptions & { readonly botToken: BotToken; readonly timeout?: number };

export type SlackDeps = {
  readonly useCases: UseCases;
  readonly org: Org;
  readonly log: Log;
  /** As in the manifest, `/access`. */
  readonly command: string;
  /** Name or id of the channel for approval messages. */
  readonly approvalsChannel: string;
  /** Names or ids of the channels of single policies. */
  readonly otherChannels?: readonly string[];
  readonly refusals: RefusalCounter;
  readonly policyText: PolicyText;
  /** The workspace vouches for its members' addresses. */
  readonly linkByEmail: boolean;
  /** Undefined: nobody can sign in to link an account. */
  readonly openSignIn: OpenSignIn | undefined;
};

/** @returns the address of the page on which this account's person signs in, once */
export type OpenSignIn = (account: AccountId, shown: ShownAccount) => Promise<string>;

export type SlackApp = {
  /** HTTP only: answers what comes in under `/slack/`. */
  readonly handler: Handler | undefined;
  readonly messenger: Messenger;
  /** What stands in the way of messages in the channels that the configuration names, a sentence each. @throws where Slack cannot be asked */
  channelProblems(): Promise<readonly string[]>;
  /** From here on Slack's deliveries are taken. */
  start(): Promise<void>;
  isReady(): boolean;
  /** Takes nothing more and waits for what is under way. */
  [Symbol.asyncDispose](): Promise<void>;
};

const longestCallMs = 10_000;
const retries = { retries: 2, minTimeout: 250, maxTimeout: 1_000 };
const monotonicMs = (): number => performance.now();

/** For the answers to commands and presses, which Bolt sends itself, and would wait for without end. */
const fetchWithin =
  (ms: number): typeof fetch =>
  (url, init) =>
    fetch(url, { ...init, signal: AbortSignal.timeout(ms) });

/**
 * The Slack door. Asks Slack who we are, so it throws where the token is wrong or Slack cannot be reached.
 * Nothing is taken before `start`.
 */
export async function createSlackApp(options: SlackOptions, deps: SlackDeps): Promise<SlackApp> {
  const { log } = deps;
  const { timeout = longestCallMs } = options;
  const logger = boltLog(log);
  const clientOptions: WebClientOptions = {
    logger,
    timeout,
    retryConfig: retries,
    allowAbsoluteUrls: false,
    ...(options.apiUrl === undefined ? {} : { slackApiUrl: options.apiUrl }),
  };
  // One for all: Slack's limits do not ask which of our clients called.
  const pace = createPace(monotonicMs);
  const client = createPromptClient(options.botToken, clientOptions, pace);
  const { team_id: teamId, bot_id: botId, user_id: botUserId, ...rest } = await client.auth.test();
  if (teamId === undefined || botId === undefined || botUserId === undefined)
    throw new UselessToken('auth.test: this is not the token of a bot in a workspace');
  // Whoever starts it is told at once, and not by the first message that cannot be posted.
  const missing = missingScopes(rest.response_metadata?.scopes ?? []);
  if (missing.length > 0) log.error({ scopes: missing }, 'the Slack app lacks scopes: install it again with manifest.yml');
  const home = { teamId, teamName: rest.team ?? teamId, enterpriseId: rest.enterprise_id, isOrgWide: rest.is_enterprise_install === true };
  const countRefused = countRefusedBy(deps.refusals);
  const connection = connect(options, log, logger, countRefused);
  const { useCases, org, linkByEmail, openSignIn } = deps;
  const app = new RecordingApp(
    {
      // Asked above. Bolt needs no token: whatever is said to Slack goes through clients of ours.
      authorize: async () => ({ botId, botUserId }),
      receiver: connection.receiver,
      clientOptions: { ...clientOptions, fetch: fetchWithin(timeout) },
      logger,
      convoStore: false,
    },
    (userId) => useCases.accountChanges.add(org, userId),
  );
  const peopleBy = (asking: WebClient, inTurn: InTurn): People =>
    createPeople(asking, monotonicMs, (userId) => useCases.accountChanges.mark(org, userId), inTurn);
  // That client keeps the pace by itself.
  const people = peopleBy(client, (_, call) => call());
  const identitiesOf = (from: People) =>
    createIdentities({ people: from, useCases, org, home, linkByEmail, canSignIn: openSignIn !== undefined, countRefused });
  const deliveries = watchDeliveries(app, log, monotonicMs);
  const isFirst = createIsFirst(deps);
  listen(app, {
    client,
    useCases,
    org,
    identities: identitiesOf(people),
    people,
    isFirst,
    turns: createTurns(),
    countRefused,
    log,
    command: deps.command,
    policyText: deps.policyText,
    openSignIn,
  });
  app.error(async (error) => log.error({ err: error }, 'Bolt could not handle a delivery'));

  // Messages have a client of their own, that neither waits nor repeats: the pace is ours, and so is looking before posting again.
  const posting = new TokenClient(options.botToken, { ...clientOptions, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true });
  const paced =
    (waitMs?: number): InTurn =>
    (method, call) =>
      pace.run(method, undefined, call, waitMs);
  const postingPeople = peopleBy(posting, paced());
  const places = createPlaces({
    client: posting,
    // Whoever has an address that nobody vouches for need not be the person whom it names.
    people: linkByEmail ? postingPeople : { idOf: async () => undefined },
    identities: identitiesOf(postingPeople),
    pace,
    approvals: deps.approvalsChannel,
    isOrgWide: home.isOrgWide,
    nowMs: monotonicMs,
  });
  // Nobody waits with a home tab: other messages stand behind it.
  const identities = identitiesOf(peopleBy(posting, paced(0)));
  const messenger = createMessenger({ client: posting, botId, places, identities, pace, command: deps.command, log });
  return {
    handler: connection.handler,
    messenger,
    channelProblems: () =>
      channelProblems(
        { client: posting, pace, isOrgWide: home.isOrgWide },
        [deps.approvalsChannel, ...(deps.otherChannels ?? [])],
        rest.user ?? 'Curfew',
      ),
    start: () => connection.open(),
    isReady: () => connection.isOpen(),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await deliveries.drained();
    },
  };
}
