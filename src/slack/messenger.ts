import type { WebClient } from '@slack/web-api';
import { access } from '../../blocks/access.ts';
import { approval } from '../../blocks/approval.ts';
import { ended } from '../../blocks/ended.ts';
import type { Message } from '../../blocks/kit.ts';
import { refused } from '../../blocks/refused.ts';
import { reminder } from '../../blocks/reminder.ts';
import { request } from '../../blocks/request.ts';
import { warning } from '../../blocks/warning.ts';
import type { Log } from '../app/ports.ts';
import type { Messenger, Picture } from '../app/ports.ts';
import type { Posting } from '../domain/posting.ts';
import { apiError } from './api-error.ts';
import type { Places } from './places.ts';

/** Nobody can mend these, and nobody reads a message that is gone. */
const gone: readonly string[] = ['message_not_found', 'cant_update_message'];

export function createMessenger(client: WebClient, places: Places, log: Log): Messenger {
  return {
    async post(posting, picture, under) {
      const { text, blocks } = draw(posting, picture);
      const channel = await placeOf(places, posting, picture);
      const posted = await client.chat.postMessage({
        text,
        blocks,
        // What moved elsewhere in the meantime has no thread there. In a channel a reply alone would be seen by nobody new.
        ...(under?.channel === channel ? { channel, thread_ts: under.ts, reply_broadcast: true } : { channel }),
        // A link in somebody's reason must not bring its site's pictures along.
        unfurl_links: false,
        unfurl_media: false,
        metadata: { event_type: 'curfew_request', event_payload: { request: picture.request.id } },
      });
      if (posted.channel === undefined || posted.ts === undefined) throw new Error('chat.postMessage did not say where the message is');
      return { channel: posted.channel, ts: posted.ts };
    },
    async redraw(posting, ref, picture) {
      try {
        await client.chat.update({ channel: ref.channel, ts: ref.ts, ...draw(posting, picture) });
      } catch (error) {
        const why = apiError(error);
        if (why === undefined || !gone.includes(why)) throw error;
        log.warn({ why, slot: posting.slot, request: picture.request.id }, 'a message cannot be redrawn any more');
      }
    },
  };
}

function draw({ slot }: Posting, picture: Picture): Message {
  switch (slot) {
    case 'approval':
    case 'escalation':
      return approval(picture);
    case 'reminder':
      return reminder(picture);
    case 'request':
      return request(picture);
    case 'access':
      return access(picture);
    case 'warning':
      return warning(picture);
    case 'ended':
      return ended(picture);
    case 'refused':
      return refused(picture);
  }
}

async function placeOf(places: Places, { slot, to }: Posting, { request: about }: Picture): Promise<string> {
  if (to.kind === 'person') return places.direct(to.email);
  if (to.kind === 'channel') return places.channel(to.channel);
  switch (slot) {
    case 'approval':
    case 'escalation':
    case 'reminder':
      return places.approvals();
    case 'request':
    case 'refused':
      return places.direct(about.requestor.email);
    case 'access':
    case 'warning':
    case 'ended':
      return places.direct(about.principal.email);
  }
}
