import { WebClient, type WebClientOptions } from '@slack/web-api';

/** Gives the token that is good now; of an app whose tokens are renewed it changes every few hours. */
export type BotToken = () => Promise<string>;

/** Slack's client, but for the token, which is asked for at each call. */
export class TokenClient extends WebClient {
  readonly #token: BotToken;

  constructor(token: BotToken, options: WebClientOptions) {
    super(undefined, options);
    this.#token = token;
  }

  override async apiCall(...[method, args]: Parameters<WebClient['apiCall']>): ReturnType<WebClient['apiCall']> {
    return super.apiCall(method, { ...args, token: await this.#token() });
  }
}
