import { WebClient } from '@slack/web-api';
import type { RenewedToken } from '../app/bot-token.ts';
import { boltLog } from './bolt-log.ts';
import type { Log } from '../app/ports.ts';

type App = { readonly clientId: string; readonly clientSecret: string; readonly apiUrl?: string };

/** How an app gets the token that follows: https://docs.slack.dev/authentication/using-token-rotation */
export function createRenewal({ clientId, clientSecret, apiUrl }: App, log: Log): (refreshToken: string) => Promise<RenewedToken> {
  const client = new WebClient(undefined, {
    logger: boltLog(log),
    timeout: 10_000,
    // An answer that was lost has used up the refresh token, and the next attempt says so; it must not be hidden by repeats.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
  });
  return async (refreshToken) => {
    const answer = await client.oauth.v2.access({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
    const { access_token: token, refresh_token: next, expires_in: seconds } = answer;
    if (token === undefined || next === undefined || seconds === undefined)
      throw new Error('oauth.v2.access: the answer holds no token that can be renewed. Is token rotation on for this app?');
    return { token, refreshToken: next, goodForMs: seconds * 1000 };
  };
}
