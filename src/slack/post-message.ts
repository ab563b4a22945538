import type { WebClient } from '@slack/web-api';
import type { Message } from '../../blocks/kit.ts';
import type { MessageRef, PostWitness } from '../app/ports.ts';
import { Unusable } from '../app/unusable.ts';
import { apiError, mayHaveHappened } from './api-error.ts';
import type { MessageMark } from './message-mark.ts';
import type { Pace } from './pace.ts';
import type { Places } from './places.ts';

/** What Slack says of a channel in which this app cannot post. */
const closedToUs: readonly string[] = ['channel_not_found', 'is_archived', 'not_in_channel', 'restricted_action'];

/**
 * Of a message that is gone, and of a channel that was archived or that this app is no member of any more. Tried again for ever, they would
 * take the turns of messages that people read; whoever presses an old button is answered with what is true.
 */
const gone: readonly string[] = ['message_not_found', 'cant_update_message', 'is_archived', 'channel_not_found'];

/** What is to be posted about the same thing comes behind it; a redraw that has to wait longer is made again later. */
const redrawWaitMs = 2_000;

export type Desk = { readonly client: WebClient; readonly pace: Pace; readonly places: Pick<Places, 'forget'> };

/** Where in a channel a message stands: below `ref`, where that is in the same channel; `isBroadcast`: and in the channel itself, too. */
export type Under = { readonly ref: MessageRef; readonly isBroadcast: boolean };

/**
 * Posts in a channel when its turn comes.
 * @throws Unusable where the channel takes none; anything else where it could not be, or may not have been, posted
 */
export async function postMessage(
  { client, pace, places }: Desk,
  channel: string,
  { text, blocks }: Message,
  mark: MessageMark,
  under: Under | undefined,
  witness: PostWitness | undefined,
): Promise<MessageRef> {
  const message = {
    text,
    blocks,
    // What moved elsewhere in the meantime has no thread there.
    ...(under?.ref.channel === channel ? { channel, thread_ts: under.ref.ts, reply_broadcast: under.isBroadcast } : { channel }),
    // A link in somebody's reason must not bring its site's pictures along.
    unfurl_links: false,
    unfurl_media: false,
    metadata: mark,
  };
  const posted = await pace.run('chat.postMessage', channel, async () => {
    await witness?.begin(channel);
    try {
      return await client.chat.postMessage(message);
    } catch (error) {
      if (!mayHaveHappened(error)) await witness?.refused();
      const why = apiError(error) ?? '';
      if (!closedToUs.includes(why)) throw error;
      places.forget(channel);
      throw new Unusable(`Slack takes no message there: ${why}`, { cause: error });
    }
  });
  if (posted.channel === undefined || posted.ts === undefined) throw new Error('chat.postMessage did not say where the message is');
  return { channel: posted.channel, ts: posted.ts };
}

/** @returns why it cannot be redrawn any more, where that is so; nobody reads it then */
export async function redrawMessage(
  { client, pace }: Desk,
  ref: MessageRef,
  message: Message,
  ready: (() => Promise<void>) | undefined,
): Promise<string | undefined> {
  try {
    const update = async () => {
      await ready?.();
      await client.chat.update({ channel: ref.channel, ts: ref.ts, ...message });
    };
    await pace.run('chat.update', undefined, update, redrawWaitMs);
    return undefined;
  } catch (error) {
    const why = apiError(error);
    if (why === undefined || !gone.includes(why)) throw error;
    return why;
  }
}
