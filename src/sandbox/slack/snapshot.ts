import { valuesOf } from './element-state.ts';
import { type Json, textOf } from './json.ts';
import { directChannel, maySee } from './messages.ts';
import { stackOf } from './modals.ts';
import { APP, type Person } from './people.ts';
import type { Channel, Message, State, View } from './state.ts';

const MESSAGES_SHOWN = 100;

function toUser(person: Person): Json {
  return {
    id: person.id,
    name: person.name,
    real_name: person.realName,
    email: person.email,
    title: person.title,
    is_bot: person.isBot,
    deleted: person.deleted,
    color: person.color,
    tz: person.tz,
  };
}

function toMessage(message: Message, all: readonly Message[], userId: string): Json {
  const replies = all.filter((other) => other.threadTs === message.ts && other.ts !== message.ts).length;
  return {
    ts: message.ts,
    user: message.user,
    text: message.text,
    blocks: message.blocks,
    ephemeral: message.onlyFor !== null,
    edited: message.edited,
    state: valuesOf(message.blocks, message.choices.get(userId) ?? {}),
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(replies === 0 ? {} : { reply_count: replies }),
  };
}

function toView(view: View): Json {
  return {
    id: view.id,
    hash: view.hash,
    type: view.source.type,
    title: view.source['title'] ?? null,
    blocks: view.blocks,
    callback_id: textOf(view.source['callback_id']),
    state: valuesOf(view.blocks, view.values),
    errors: view.errors,
    ...(view.source['submit'] === undefined ? {} : { submit: view.source['submit'] }),
    ...(view.source['close'] === undefined ? {} : { close: view.source['close'] }),
    ...(view.notice === null ? {} : { notice: view.notice }),
  };
}

function toChannel(channel: Channel): Json {
  return { id: channel.id, name: channel.name, kind: channel.kind, ...(channel.kind === 'im' ? { with: APP.userId } : {}) };
}

/** The messages of a channel that this person sees, oldest first. */
export function messagesFor(state: State, channel: Channel, userId: string): Message[] {
  return channel.messages.filter((message) => maySee(state, userId, message));
}

/** The whole workspace as one person sees it: what the page draws. */
export function snapshot(state: State, person: Person): Json {
  directChannel(state, person.id);
  const channels = [...state.channels.values()].filter((channel) => channel.members.has(person.id));
  const messages = channels.map((channel) => {
    const seen = messagesFor(state, channel, person.id).slice(-MESSAGES_SHOWN);
    return [channel.id, seen.map((message) => toMessage(message, seen, person.id))];
  });
  const home = state.homes.get(person.id);
  return {
    me: toUser(person),
    users: [...state.people.values()].map(toUser),
    apps: [{ id: APP.id, name: APP.name, botUserId: APP.userId }],
    channels: channels.map(toChannel),
    commands: state.commands,
    shortcuts: state.shortcuts,
    messages: Object.fromEntries(messages),
    views: stackOf(state, person.id).map(toView),
    home: home === undefined ? null : toView(home),
    busy: state.busy.get(person.id) ?? null,
    unread: Object.fromEntries(state.unread.get(person.id) ?? []),
  };
}
