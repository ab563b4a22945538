/** Would this workspace let us work? Asked before the start, by hand. */
import { LogLevel, WebClient } from '@slack/web-api';
import { apiError } from './api-error.ts';
import { channelProblems } from './channels.ts';
import { missingScopes } from './missing-scopes.ts';
import { createPace } from './pace.ts';

export type SlackToCheck = {
  readonly botToken: string;
  /** With a slash at its end, where it is not Slack's own. */
  readonly apiUrl?: string | undefined;
  /** Names or ids. */
  readonly channels: readonly string[];
};

const timeoutMs = 10_000;

/** @returns what is wrong, a sentence each; also that Slack could not be asked. Nothing is posted or changed. */
export async function checkSlack({ botToken, apiUrl, channels }: SlackToCheck): Promise<readonly string[]> {
  const client = new WebClient(botToken, {
    logLevel: LogLevel.ERROR,
    timeout: timeoutMs,
    retryConfig: { retries: 1, minTimeout: 250 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
  });
  try {
    const us = await client.auth.test();
    if (us.bot_id === undefined) return ['SLACK_BOT_TOKEN is not the token of a bot. It begins with xoxb-.'];
    const missing = missingScopes(us.response_metadata?.scopes ?? []);
    // Without them, what follows would be refused for that reason alone.
    if (missing.length > 0) return [`The app lacks the scopes ${missing.join(', ')}: install it again with manifest.yml.`];
    const pace = createPace(() => performance.now());
    return await channelProblems({ client, pace, isOrgWide: us.is_enterprise_install === true }, channels, us.user ?? 'Curfew');
  } catch (error) {
    const word = apiError(error);
    if (word !== undefined) return [`Slack refuses SLACK_BOT_TOKEN (${word}).`];
    return [`Slack could not be asked: ${error instanceof Error ? error.message : String(error)}`];
  }
}
