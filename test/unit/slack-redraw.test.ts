import { type WebClient, WebAPIPlatformError } from '@slack/web-api';
import { expect, it } from 'vitest';
import { createPace } from '../../src/slack/pace.ts';
import { redrawMessage } from '../../src/slack/post-message.ts';

const deskWhere = (error: string) => ({
  client: {
    chat: { update: () => Promise.reject(new WebAPIPlatformError({ ok: false, error })) },
  } as unknown as WebClient,
  pace: createPace(
    () => 0,
    async () => undefined,
  ),
  places: { forget: () => undefined },
});
const redraw = (error: string) => redrawMessage(deskWhere(error), { channel: 'C1', ts: '1.1' }, { text: 'new', blocks: [] }, undefined);

it.each(['message_not_found', 'cant_update_message', 'is_archived', 'channel_not_found'])(
  'gives up a message that nobody reads or that we cannot reach any more: %s',
  async (error) => {
    await expect(redraw(error)).resolves.toBe(error);
  },
);

it.each(['internal_error', 'ratelimited', 'invalid_auth'])(
  'goes on with a message where Slack or its owner may mend it: %s',
  async (error) => {
    await expect(redraw(error)).rejects.toThrow(error);
  },
);
