import type { WebClient } from '@slack/web-api';
import { access } from '../../blocks/access.ts';
import { approval } from '../../blocks/approval.ts';
import { ended } from '../../blocks/ended.ts';
import type { Message } from '../../blocks/kit.ts';
import { refused } from '../../blocks/refused.ts';
import { request } from '../../blocks/request.ts';
import type { Log } from '../app/ports.ts';
import type { Messenger, Picture, Slot } from '../app/ports.ts';
import { apiError } from './api-error.ts';
import type { Places } from './places.ts';

/** Nobody can mend these, and nobody reads a message that is gone. */
const gone: readonly string[] = ['message_not_found', 'cant_update_message'];

export function createMessenger(client: WebClient, places: Places, log: Log): Messenger {
  return {
    async post(slot, picture) {
      const { text, blocks } = draw(slot, picture);
      const posted = await client.chat.postMessage({
        channel: await placeOf(places, slot, picture),
        text,
        blocks,
        // A link in somebody's reason must not bring its site's pictures along.
        unfurl_links: false,
        unfurl_media: false,
        metadata: { event_type: 'curfew_request', event_payload: { request: picture.request.id } },
      });
      if (posted.channel === undefined || posted.ts === undefined) throw new Error('chat.postMessage did not say where the message is');
      return { channel: posted.channel, ts: posted.ts };
    },
    async redraw(slot, ref, picture) {
      try {
        await client.chat.update({ channel: ref.channel, ts: ref.ts, ...draw(slot, picture) });
      } catch (error) {
        const why = apiError(error);
        if (why === undefined || !gone.includes(why)) throw error;
        log.warn({ why, slot, request: picture.request.id }, 'a message cannot be redrawn any more');
      }
    },
  };
}

function draw(slot: Slot, picture: Picture): Message {
  switch (slot) {
    case 'approval':
    case 'escalation':
      return approval(picture);
    case 'request':
      return request(picture);
    case 'access':
      return access(picture);
    case 'ended':
      return ended(picture);
    case 'refused':
      return refused(picture);
  }
}

async function placeOf(places: Places, slot: Slot, { request: about }: Picture): Promise<string> {
  switch (slot) {
    case 'approval':
    case 'escalation':
      return places.approvals();
    case 'request':
    case 'refused':
      return places.direct(about.requestor.email);
    case 'access':
    case 'ended':
      return places.direct(about.principal.email);
  }
}
