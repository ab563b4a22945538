import type { Block } from './block-kit/check.ts';
import type { Json } from './json.ts';
import { APP, SLACKBOT_ID, TEAM } from './people.ts';
import type { Channel, Message, State } from './state.ts';

/** The conversation of a person with the app, opened on first use. */
export function directChannel(state: State, userId: string): Channel {
  const id = `D${userId.slice(1)}`;
  const open = state.channels.get(id);
  if (open !== undefined) return open;
  const channel: Channel = {
    id,
    name: APP.name,
    kind: 'im',
    members: new Set([userId, APP.userId]),
    isPrivate: true,
    isExtShared: false,
    teamId: TEAM.id,
    messages: [],
  };
  state.channels.set(id, channel);
  return channel;
}

export function findChannel(state: State, idOrName: string): Channel | undefined {
  const name = idOrName.replace(/^#/, '');
  return (
    state.channels.get(idOrName) ?? [...state.channels.values()].find((channel) => channel.kind === 'channel' && channel.name === name)
  );
}

export type NewMessage = {
  user: string;
  text: string;
  blocks?: Block[];
  onlyFor?: string | null;
  threadTs?: string | null;
  isBroadcast?: boolean;
  metadata?: unknown;
};

export function addMessage(state: State, channel: Channel, given: NewMessage): Message {
  const message: Message = {
    channel: channel.id,
    ts: state.nextTs(),
    user: given.user,
    text: given.text,
    blocks: given.blocks ?? [],
    onlyFor: given.onlyFor ?? null,
    edited: false,
    threadTs: given.threadTs ?? null,
    isBroadcast: given.isBroadcast ?? false,
    metadata: given.metadata,
    choices: new Map(),
  };
  channel.messages.push(message);
  if (channel.messages.length > state.keptPerChannel) channel.messages.shift();
  for (const reader of channel.members) {
    if (reader === given.user || (message.onlyFor !== null && message.onlyFor !== reader)) continue;
    const counts = state.unread.get(reader) ?? new Map<string, number>();
    counts.set(channel.id, (counts.get(channel.id) ?? 0) + 1);
    state.unread.set(reader, counts);
  }
  state.changed();
  return message;
}

export function findMessage(state: State, channelId: string, ts: string): Message | undefined {
  return state.channels.get(channelId)?.messages.find((message) => message.ts === ts);
}

export function editMessage(state: State, message: Message, text: string, blocks: Block[]): void {
  message.text = text;
  message.blocks = blocks;
  message.edited = true;
  state.changed();
}

export function removeMessage(state: State, message: Message): void {
  const channel = state.channels.get(message.channel);
  if (channel === undefined) return;
  channel.messages = channel.messages.filter((kept) => kept !== message);
  state.changed();
}

export function maySee(state: State, userId: string, message: Message): boolean {
  if (message.onlyFor !== null) return message.onlyFor === userId;
  return state.channels.get(message.channel)?.members.has(userId) ?? false;
}

/** What Slack itself says to one person, where they are. */
export function tellFromSlack(state: State, userId: string, channelId: string, text: string): void {
  const channel = state.channels.get(channelId) ?? directChannel(state, userId);
  addMessage(state, channel, { user: SLACKBOT_ID, text, onlyFor: userId });
}

/** The message object as Slack's answers and payloads carry it. */
export function toSlackMessage(message: Message): Json {
  return {
    type: 'message',
    user: message.user,
    ...(message.user === APP.userId ? { bot_id: APP.botId, app_id: APP.id } : {}),
    team: TEAM.id,
    ts: message.ts,
    text: message.text,
    blocks: message.blocks,
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
  };
}
