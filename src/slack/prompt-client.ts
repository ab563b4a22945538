import type { WebClient, WebClientOptions } from '@slack/web-api';
import type { Pace } from './pace.ts';
import { type BotToken, TokenClient } from './token-client.ts';

/** Later than now there is no use in these: what they need lives three seconds. */
const nowOrNever: ReadonlySet<string> = new Set(['views.open', 'views.push']);

/**
 * The client for what people do. Slack's own pauses all calls where one is limited; here a limited method holds back only
 * itself, and a window that cannot be opened now is a fault at once.
 */
export function createPromptClient(token: BotToken, options: WebClientOptions, pace: Pace): WebClient {
  const limits = { ...options, rejectRateLimitedCalls: true };
  const atOnce = new TokenClient(token, { ...limits, retryConfig: { retries: 0 } });
  class PromptClient extends TokenClient {
    override apiCall(...[method, args]: Parameters<WebClient['apiCall']>): ReturnType<WebClient['apiCall']> {
      if (nowOrNever.has(method)) return atOnce.apiCall(method, args);
      return pace.run(method, postedIn(method, args), () => super.apiCall(method, args));
    }
  }
  return new PromptClient(token, limits);
}

const postedIn = (method: string, args: Parameters<WebClient['apiCall']>[1]): string | undefined =>
  method === 'chat.postMessage' && typeof args?.['channel'] === 'string' ? args['channel'] : undefined;
