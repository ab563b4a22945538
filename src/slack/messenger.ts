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
import type { Posting, Slot } from '../domain/posting.ts';
import { createDriftMessenger } from './drift-messenger.ts';
import { createEndStep } from './end-step.ts';
import { createDrawHome } from './home-tabs.ts';
import type { Identities } from './identity.ts';
import { createFindMessage } from './find-message.ts';
import { createLinkTo } from './link-to.ts';
import { messageMark } from './message-mark.ts';
import type { Pace } from './pace.ts';
import type { Places } from './places.ts';
import { postMessage, redrawMessage } from './post-message.ts';
import { createTellLinked } from './tell-linked.ts';

export type MessengerDeps = {
  /** One that does not repeat calls by itself: what may have been carried out is looked for first. */
  readonly client: WebClient;
  /** Ours, by which our messages are told from those of others. */
  readonly botId: string;
  readonly places: Places;
  readonly identities: Pick<Identities, 'shown'>;
  readonly pace: Pace;
  /** What people type, `/access`. */
  readonly command: string;
  readonly log: Log;
};

export function createMessenger({ client, botId, places, identities, pace, command, log }: MessengerDeps): Messenger {
  const endStep = createEndStep(client, log);
  const desk = { client, pace, places };
  const find = createFindMessage(client, botId, pace, log);
  return {
    async post(posting, picture, under, witness) {
      const channel = await placeOf(places, posting, picture);
      const below = under === undefined ? undefined : { ref: under, isBroadcast: broadcast.has(posting.slot) };
      return postMessage(desk, channel, draw(posting, picture), messageMark(picture.request.id, posting), below, witness);
    },
    find: (request, attempt, under) => find(messageMark(request, attempt.posting), attempt, under),
    linkTo: createLinkTo(client, pace, log),
    tellLinked: createTellLinked(client, pace, command),
    endStep: (execution, end) =>
      pace.run(end.kind === 'failed' ? 'functions.completeError' : 'functions.completeSuccess', undefined, () => endStep(execution, end)),
    drawHome: createDrawHome({ client, identities, pace, log }),
    drift: createDriftMessenger(desk, find, log),
    async redraw(posting, ref, picture, ready) {
      const why = await redrawMessage(desk, ref, draw(posting, picture), ready);
      if (why !== undefined) log.warn({ why, slot: posting.slot, request: picture.request.id }, 'a message cannot be redrawn any more');
    },
  };
}

/** What is to hurry somebody: a reply alone would be seen by nobody new. All else follows the thread. */
const broadcast: ReadonlySet<Slot> = new Set(['reminder', 'nudge', 'unreviewed']);

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
    case 'warnings':
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
    case 'warnings':
    case 'endings':
      return places.direct(about.principal.email);
  }
}
