import { VERIFICATION_TOKEN } from './courier.ts';
import { type Hub, responseUrl } from './hub.ts';
import type { Json } from './json.ts';
import { toSlackMessage } from './messages.ts';
import { toSlackView } from './modals.ts';
import { APP, ENTERPRISE_NAME, type Person, TEAM } from './people.ts';
import type { Channel, Message, Values, View } from './state.ts';
import type { Placed } from './elements.ts';
import { valuesOf } from './element-state.ts';

/** What every interaction carries: who, from which team, for which app. */
function common({ enterprise }: Hub, person: Person): Json {
  const home = person.teamId === TEAM.id;
  const own = home ? { id: TEAM.id, domain: TEAM.domain } : { id: person.teamId, domain: 'elsewhere' };
  return {
    // People of another workspace bring their own team; an installation in a whole organisation has none.
    team: enterprise?.isOrgWide === true ? null : own,
    user: { id: person.id, username: person.name, name: person.name, team_id: person.teamId },
    api_app_id: APP.id,
    token: VERIFICATION_TOKEN,
    enterprise: enterprise === undefined ? null : { id: enterprise.id, name: ENTERPRISE_NAME },
    is_enterprise_install: enterprise?.isOrgWide === true,
  };
}

function channelName(channel: Channel): string {
  if (channel.kind === 'im') return 'directmessage';
  return channel.isPrivate ? 'privategroup' : channel.name;
}

export function commandPayload(hub: Hub, person: Person, channel: Channel, command: string, text: string): Json {
  return {
    token: VERIFICATION_TOKEN,
    team_id: TEAM.id,
    team_domain: TEAM.domain,
    channel_id: channel.id,
    channel_name: channelName(channel),
    user_id: person.id,
    user_name: person.name,
    command,
    text,
    api_app_id: APP.id,
    // A word, not a boolean: the whole payload is a form.
    is_enterprise_install: String(hub.enterprise?.isOrgWide === true),
    ...(hub.enterprise === undefined ? {} : { enterprise_id: hub.enterprise.id, enterprise_name: ENTERPRISE_NAME }),
    response_url: responseUrl(hub, { userId: person.id, channelId: channel.id, sourceTs: null }),
    trigger_id: hub.triggers.issue(person.id),
  };
}

export type Place = { kind: 'message'; channel: Channel; message: Message } | { kind: 'view'; view: View };

function whereOf(hub: Hub, person: Person, place: Place): Json {
  if (place.kind === 'view') return { container: { type: 'view', view_id: place.view.id }, view: toSlackView(place.view) };
  const { channel, message } = place;
  const isEphemeral = message.onlyFor !== null;
  return {
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: isEphemeral,
      ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    },
    channel: { id: channel.id, name: channelName(channel) },
    ...(isEphemeral ? {} : { message: toSlackMessage(message) }),
    response_url: responseUrl(hub, { userId: person.id, channelId: channel.id, sourceTs: message.ts }),
  };
}

export function actionPayload(hub: Hub, person: Person, place: Place, placed: Placed, acted: Json, chosen: Values): Json {
  const { block, element } = placed;
  const blocks = place.kind === 'view' ? place.view.blocks : place.message.blocks;
  const extra = ['text', 'value', 'placeholder', 'initial_option', 'confirm', 'style'].flatMap((key) =>
    key in element ? [[key, element[key]]] : [],
  );
  return {
    type: 'block_actions',
    ...common(hub, person),
    ...whereOf(hub, person, place),
    trigger_id: hub.triggers.issue(person.id),
    state: { values: valuesOf(blocks, chosen) },
    actions: [
      {
        ...Object.fromEntries(extra),
        type: element.type,
        action_id: element.action_id,
        block_id: block.block_id,
        action_ts: hub.state.nextTs(),
        ...acted,
      },
    ],
  };
}

export function suggestionPayload(hub: Hub, person: Person, place: Place, placed: Placed, query: string): Json {
  const { response_url: _unused, ...where } = whereOf(hub, person, place);
  return {
    type: 'block_suggestion',
    ...common(hub, person),
    ...where,
    action_id: placed.element.action_id,
    block_id: placed.block.block_id,
    value: query,
  };
}

export function submissionPayload(hub: Hub, person: Person, view: View): Json {
  return {
    type: 'view_submission',
    ...common(hub, person),
    trigger_id: hub.triggers.issue(person.id),
    view: toSlackView(view),
    response_urls: [],
  };
}

export function closedPayload(hub: Hub, person: Person, view: View, isCleared: boolean): Json {
  return { type: 'view_closed', ...common(hub, person), view: toSlackView(view), is_cleared: isCleared };
}

export function shortcutPayload(hub: Hub, person: Person, callbackId: string): Json {
  return {
    type: 'shortcut',
    ...common(hub, person),
    callback_id: callbackId,
    trigger_id: hub.triggers.issue(person.id),
    action_ts: hub.state.nextTs(),
  };
}

export function messageShortcutPayload(hub: Hub, person: Person, channel: Channel, message: Message, callbackId: string): Json {
  return {
    type: 'message_action',
    ...common(hub, person),
    callback_id: callbackId,
    trigger_id: hub.triggers.issue(person.id),
    action_ts: hub.state.nextTs(),
    response_url: responseUrl(hub, { userId: person.id, channelId: channel.id, sourceTs: message.ts }),
    channel: { id: channel.id, name: channelName(channel) },
    message_ts: message.ts,
    message: toSlackMessage(message),
  };
}
