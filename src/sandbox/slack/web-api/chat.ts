import { directChannel, addMessage, editMessage, findChannel, findMessage, removeMessage, toSlackMessage } from '../messages.ts';
import { type Json, parseJson, textOf } from '../json.ts';
import { APP } from '../people.ts';
import type { Refusal } from '../modals.ts';
import { readSaid } from '../said-by-app.ts';
import type { Channel, Message, State } from '../state.ts';
import { type Method, refuse } from './method.ts';

/** The conversation a person id opens. A deactivated person has none, and a bot does not write to bots. */
export function openDirect(state: State, userId: string): { ok: true; channel: Channel } | Refusal {
  const person = state.people.get(userId);
  if (person === undefined) return refuse('user_not_found');
  if (person.deleted) return refuse('user_disabled');
  if (person.isBot) return refuse('cannot_dm_bot');
  return { ok: true, channel: directChannel(state, userId) };
}

function postable(state: State, given: string): { ok: true; channel: Channel } | Refusal {
  if (state.people.has(given)) return openDirect(state, given);
  const channel = findChannel(state, given);
  if (channel === undefined) return refuse('channel_not_found');
  if (!channel.members.has(APP.userId)) return refuse(channel.isPrivate ? 'channel_not_found' : 'not_in_channel');
  const other = [...channel.members].find((id) => id !== APP.userId);
  if (channel.kind === 'im' && other !== undefined && state.people.get(other)?.deleted === true) return refuse('user_disabled');
  return { ok: true, channel };
}

function metadataOf(args: Json): unknown {
  const given = args['metadata'];
  return typeof given === 'string' ? parseJson(given) : given;
}

const postMessage: Method = ({ state }, args) => {
  const place = postable(state, textOf(args['channel']));
  if (!place.ok) return place;
  const said = readSaid(state, `chat.postMessage to ${place.channel.name}`, args);
  if (!said.ok) return said;
  if (said.text === '' && (said.blocks ?? []).length === 0) return refuse('no_text');
  const threadTs = textOf(args['thread_ts']);
  if (threadTs !== '' && !/^\d{10}\.\d{6}$/.test(threadTs)) return refuse('invalid_thread_ts');
  const message = addMessage(state, place.channel, {
    user: APP.userId,
    text: said.text,
    blocks: said.blocks ?? [],
    threadTs: threadTs === '' ? null : threadTs,
    isBroadcast: threadTs !== '' && (args['reply_broadcast'] === true || args['reply_broadcast'] === 'true'),
    metadata: metadataOf(args),
  });
  return { ok: true, channel: message.channel, ts: message.ts, message: toSlackMessage(message) };
};

const postEphemeral: Method = ({ state }, args) => {
  const place = postable(state, textOf(args['channel']));
  if (!place.ok) return place;
  const userId = textOf(args['user']);
  if (!place.channel.members.has(userId)) return refuse('user_not_in_channel');
  const said = readSaid(state, `chat.postEphemeral to ${place.channel.name}`, args);
  if (!said.ok) return said;
  if (said.text === '' && (said.blocks ?? []).length === 0) return refuse('no_text');
  const message = addMessage(state, place.channel, { user: APP.userId, text: said.text, blocks: said.blocks ?? [], onlyFor: userId });
  return { ok: true, message_ts: message.ts };
};

function ownMessage(state: State, args: Json, notOurs: string): { ok: true; message: Message } | Refusal {
  // Unlike posting, an update or a deletion takes neither a person's id nor a channel's name.
  const channel = state.channels.get(textOf(args['channel']));
  if (channel === undefined) return refuse('channel_not_found');
  const message = findMessage(state, channel.id, textOf(args['ts']));
  if (message === undefined || message.onlyFor !== null) return refuse('message_not_found');
  return message.user === APP.userId ? { ok: true, message } : refuse(notOurs);
}

const update: Method = ({ state }, args) => {
  const own = ownMessage(state, args, 'cant_update_message');
  if (!own.ok) return own;
  const { message } = own;
  const said = readSaid(state, 'chat.update', args);
  if (!said.ok) return said;
  const saysNothing = said.blocks === null && args['text'] === undefined;
  if (saysNothing && args['metadata'] === undefined) return refuse('no_text');
  if (args['metadata'] !== undefined) message.metadata = metadataOf(args);
  // Text alone takes the old blocks away; neither leaves both as they are.
  if (saysNothing) state.changed();
  else editMessage(state, message, said.text, said.blocks ?? []);
  return { ok: true, channel: message.channel, ts: message.ts, text: message.text, message: toSlackMessage(message) };
};

const remove: Method = ({ state }, args) => {
  const own = ownMessage(state, args, 'cant_delete_message');
  if (!own.ok) return own;
  removeMessage(state, own.message);
  return { ok: true, channel: own.message.channel, ts: own.message.ts };
};

const getPermalink: Method = ({ state, baseUrl }, args) => {
  const channel = state.channels.get(textOf(args['channel']));
  if (channel === undefined) return refuse('channel_not_found');
  const message = findMessage(state, channel.id, textOf(args['message_ts']));
  if (message === undefined) return refuse('message_not_found');
  return { ok: true, channel: channel.id, permalink: `${baseUrl()}/sandbox#${channel.id}/${message.ts}` };
};

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': postMessage,
  'chat.postEphemeral': postEphemeral,
  'chat.update': update,
  'chat.delete': remove,
  'chat.getPermalink': getPermalink,
};
