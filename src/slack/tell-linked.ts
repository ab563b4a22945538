import type { WebClient } from '@slack/web-api';
import { nowLinked } from '../../blocks/sign-in.ts';
import type { Messenger } from '../app/ports.ts';
import { Unreachable } from '../app/unreachable.ts';
import { apiError } from './api-error.ts';
import type { Pace } from './pace.ts';

const nobody: readonly string[] = ['channel_not_found', 'user_not_found', 'user_disabled', 'cannot_dm_bot'];

/** To the account itself, whoever it is taken for. */
export const createTellLinked =
  (client: WebClient, pace: Pace, command: string): Messenger['tellLinked'] =>
  async ({ user }, email) => {
    const message = { channel: user, ...nowLinked(email, command), unfurl_links: false, unfurl_media: false };
    try {
      await pace.run('chat.postMessage', user, () => client.chat.postMessage(message));
    } catch (error) {
      if (nobody.includes(apiError(error) ?? '')) throw new Unreachable('that account takes no direct messages', { cause: error });
      throw error;
    }
  };
