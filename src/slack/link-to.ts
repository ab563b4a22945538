import type { WebClient } from '@slack/web-api';
import type { Log, Messenger } from '../app/ports.ts';
import { apiError, isPassing } from './api-error.ts';
import type { Pace } from './pace.ts';

/** Asks Slack for the address of a message. What goes wrong for now is thrown; where there is none for good, there is none. */
export const createLinkTo =
  (client: WebClient, pace: Pace, log: Log): Messenger['linkTo'] =>
  async ({ channel, ts }) => {
    try {
      const answer = await pace.run('chat.getPermalink', undefined, () => client.chat.getPermalink({ channel, message_ts: ts }));
      return answer.permalink !== undefined && isWebAddress(answer.permalink) ? answer.permalink : undefined;
    } catch (error) {
      const why = apiError(error);
      if (why === undefined || isPassing(why)) throw error;
      log.info({ why, channel }, 'a message has no address; copies of it do without');
      return undefined;
    }
  };

const longest = 2000;
const isWebAddress = (text: string): boolean => /^https?:\/\//.test(text) && text.length <= longest && URL.canParse(text);
