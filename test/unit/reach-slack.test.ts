import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { reachSlack } from '../../src/reach-slack.ts';
import type { SlackApp } from '../../src/slack/app.ts';
import { UselessToken } from '../../src/slack/api-error.ts';

const refusedWith = (error: string) => new WebAPIPlatformError({ ok: false, error });
const away = new WebAPIRequestError(new Error('connect ECONNREFUSED'));

function fakeApp(start: () => Promise<void> = async () => undefined, channelProblems: SlackApp['channelProblems'] = async () => []) {
  const app = {
    started: 0,
    disposed: 0,
    handler: undefined,
    messenger: {
      post: async () => ({ channel: 'C', ts: '1' }),
      find: async () => undefined,
      redraw: async () => undefined,
      linkTo: async () => undefined,
      tellLinked: async () => undefined,
      drift: { post: async () => ({ channel: 'C', ts: '1' }), find: async () => undefined, redraw: async () => undefined },
      endStep: async () => undefined,
      drawHome: async () => 'gone' as const,
    },
    channelProblems,
    async start() {
      await start();
      app.started++;
    },
    isReady: () => app.started > 0,
    async [Symbol.asyncDispose]() {
      app.disposed++;
    },
  };
  return app;
}

function scene(...answers: (SlackApp | Error)[]) {
  const logged: string[] = [];
  const say = (_fields: object, message: string) => void logged.push(message);
  const make = async (): Promise<SlackApp> => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error('asked once too often');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { logged, reach: (listens = true) => reachSlack({ make, listens, log: { info: say, warn: say, error: say } }) };
}

it.each([
  ['a channel for approvals cannot be used', async () => ['The app is not in channel prod.']],
  ['it cannot be told now whether the channels for approvals can be used', () => Promise.reject(away)],
])('starts all the same, and says so, where %s', async (words, channelProblems) => {
  const app = fakeApp(undefined, channelProblems);
  const { reach, logged } = scene(app);
  await using slack = await reach();
  await slack.start();
  expect(slack.isReady()).toBe(true);
  await expect.poll(() => logged).toEqual([words]);
});

describe('a start while Slack is away', () => {
  it.each([
    ['no connection', away],
    ['a 503', new WebAPIHTTPError(503, 'Service Unavailable', {})],
    ['a rate limit', new WebAPIRateLimitedError(30)],
    ['a fault of its own', refusedWith('internal_error')],
  ])('goes on without it, and reaches it later: %s', async (_what, error) => {
    const app = fakeApp();
    const { reach, logged } = scene(error, away, app);
    await using slack = await reach();
    await slack.start();
    expect(slack.isReady()).toBe(false);
    await expect(slack.messenger.endStep('F1', { kind: 'failed', why: 'why' } as never)).rejects.toThrow('not been reached');
    await expect.poll(() => slack.isReady(), { timeout: 10_000 }).toBe(true);
    expect(app.started).toBe(1);
    await slack.messenger.endStep('F1', { kind: 'failed', why: 'why' } as never);
    expect(logged.at(-1)).toBe('Slack has been reached');
  });

  it('begins anew where Slack goes away between the two steps of a start', async () => {
    const first = fakeApp(async () => {
      throw away;
    });
    const second = fakeApp();
    const { reach } = scene(first, second);
    await using slack = await reach();
    await slack.start();
    expect(first.disposed).toBe(1);
    await expect.poll(() => slack.isReady(), { timeout: 10_000 }).toBe(true);
    expect(second.started).toBe(1);
  });

  it('stops trying when the process stops', async () => {
    const { reach, logged } = scene(away);
    const slack = await reach();
    await slack[Symbol.asyncDispose]();
    expect(logged).toHaveLength(1);
  });
});

describe('a start that Slack refuses', () => {
  it.each([
    ['a wrong token', refusedWith('invalid_auth')],
    ['a token of a person', new UselessToken('this is not the token of a bot in a workspace')],
  ])('ends: %s', async (_what, error) => {
    await expect(scene(error).reach()).rejects.toBe(error);
  });

  it('ends where the sockets are refused', async () => {
    const error = refusedWith('not_allowed_token_type');
    const app = fakeApp(async () => {
      throw error;
    });
    await using slack = await scene(app).reach();
    await expect(slack.start()).rejects.toBe(error);
    expect(app.disposed).toBe(1);
  });
});

it('listens to nobody without the web role, and is ready all the same', async () => {
  const app = fakeApp();
  await using slack = await scene(app).reach(false);
  await slack.start();
  expect(app.started).toBe(0);
  expect(slack.isReady()).toBe(true);
});
