import type { WebClient } from '@slack/web-api';
import { access } from '../../blocks/access.ts';
import { approval } from '../../blocks/approval.ts';
import { breakGlass, unreviewed } from '../../blocks/break-glass.ts';
import { ended } from '../../blocks/ended.ts';
import type { Message } from '../../blocks/kit.ts';
import { question } from '../../blocks/question.ts';
import { refused } from '../../blocks/refused.ts';
import { reminder } from '../../blocks/reminder.ts';
import { request } from '../../blocks/request.ts';
import { several } from '../../blocks/several.ts';
import { warning } from '../../blocks/warning.ts';
import type { Log } from '../app/ports.ts';
import type { Messenger, Picture } from '../app/ports.ts';
import type { Posting } from '../domain/posting.ts';
import { Unusable } from '../app/unusable.ts';
import { apiError, mayHaveHappened } from './api-error.ts';
import { createEndStep } from './end-step.ts';
import { createDrawHome } from './home-tabs.ts';
import type { Identities } from './identity.ts';
import { createFindMessage } from './find-message.ts';
import { createLinkTo } from './link-to.ts';
import { messageMark } from './message-mark.ts';
import type { Pace } from './pace.ts';
import type { Places } from './places.ts';
import { createTellLinked } from './tell-linked.ts';

/** Nobody can mend these, and nobody reads a message that is gone. */
const gone: readonly string[] = ['message_not_found', 'cant_update_message'];

/** What Slack says of a channel in which this app cannot post. */
const closedToUs: readonly string[] = ['channel_not_found', 'is_archived', 'not_in_channel', 'restricted_action'];

/** What is to be posted about the same request comes behind it; a redraw that has to wait longer is made again from the queue. */
const redrawWaitMs = 2_000;

export type MessengerDeps = {
  /** One that does not repeat calls by itself: what may have been carried out is looked for first. */
  readonly client: WebClient;
  /** Ours, by which our messages are told from those of others. */
  readonly botId: string;
  readonly places: Places;
  readonly identities: Pick<Identities, 'caller'>;
  readonly pace: Pace;
  /** What people type, `/access`. */
  readonly command: string;
  readonly log: Log;
};

export function createMessenger({ client, botId, places, identities, pace, command, log }: MessengerDeps): Messenger {
  const endStep = createEndStep(client, log);
  return {
    async post(posting, picture, under, witness) {
      const { text, blocks } = draw(posting, picture);
      const channel = await placeOf(places, posting, picture);
      const message = {
        text,
        blocks,
        // What moved elsewhere in the meantime has no thread there. In a channel a reply alone would be seen by nobody new.
        ...(under?.channel === channel ? { channel, thread_ts: under.ts, reply_broadcast: true } : { channel }),
        // A link in somebody's reason must not bring its site's pictures along.
        unfurl_links: false,
        unfurl_media: false,
        metadata: messageMark(picture.request.id, posting),
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
    },
    find: createFindMessage(client, botId, pace, log),
    linkTo: createLinkTo(client, pace, log),
    tellLinked: createTellLinked(client, pace, command),
    endStep: (execution, end) =>
      pace.run(end.kind === 'failed' ? 'functions.completeError' : 'functions.completeSuccess', undefined, () => endStep(execution, end)),
    drawHome: createDrawHome({ client, identities, pace, log }),
    async redraw(posting, ref, picture, ready) {
      try {
        const update = async () => {
          await ready?.();
          await client.chat.update({ channel: ref.channel, ts: ref.ts, ...draw(posting, picture) });
        };
        await pace.run('chat.update', undefined, update, redrawWaitMs);
      } catch (error) {
        const why = apiError(error);
        if (why === undefined || !gone.includes(why)) throw error;
        log.warn({ why, slot: posting.slot, request: picture.request.id }, 'a message cannot be redrawn any more');
      }
    },
  };
}

function draw({ slot, to, round }: Posting, picture: Picture): Message {
  switch (slot) {
    case 'approval':
    case 'escalation':
      return approval(picture);
    case 'reminder':
      return reminder(picture, 'time');
    case 'nudge':
      return reminder(picture, 'requestor');
    case 'question':
      return question(picture.request, round, 'approvers');
    case 'inquiry':
      return question(picture.request, round, 'requestor');
    case 'breakglass':
      return breakGlass(picture.request);
    case 'unreviewed':
      return unreviewed(picture.request);
    case 'request':
      return request(picture);
    case 'access':
      return access(picture);
    case 'warning':
      return warning(picture);
    case 'ended':
      return ended(picture);
    case 'refused':
      return refused({ ...picture, to: to.kind === 'person' ? 'principal' : 'requestor' });
    case 'accesses':
    case 'endings':
      if (picture.several === undefined) throw new Error('a message about several requests needs to know which');
      return several({ several: picture.several, what: slot });
  }
}

async function placeOf(places: Places, { slot, to }: Posting, { request: about }: Picture): Promise<string> {
  if (to.kind === 'person') return places.direct(to.email);
  if (to.kind === 'channel') return places.channel(to.channel);
  switch (slot) {
    case 'approval':
    case 'escalation':
    case 'reminder':
    case 'nudge':
    case 'question':
    case 'breakglass':
    case 'unreviewed':
      return places.approvals();
    case 'request':
    case 'inquiry':
    case 'refused':
      return places.direct(about.requestor.email);
    case 'access':
    case 'warning':
    case 'ended':
    case 'accesses':
    case 'endings':
      return places.direct(about.principal.email);
  }
}
