import { type Json, textOf } from '../json.ts';
import { APP, TEAM, toSlackUser } from '../people.ts';
import type { Refusal } from '../modals.ts';
import type { Channel, State } from '../state.ts';
import { openDirect } from './chat.ts';
import { type Method, missing, page, refuse } from './method.ts';
import { teamOf } from './teams.ts';

function toSlackChannel(channel: Channel): Json {
  const shared = { id: channel.id, created: 1_700_000_000, is_archived: false, is_org_shared: false, context_team_id: TEAM.id };
  if (channel.kind === 'im') {
    return { ...shared, is_im: true, user: [...channel.members].find((id) => id !== APP.userId), is_open: true };
  }
  return {
    ...shared,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: !channel.isPrivate,
    is_group: channel.isPrivate,
    is_im: false,
    is_mpim: false,
    is_private: channel.isPrivate,
    is_member: channel.members.has(APP.userId),
    is_shared: channel.isExtShared,
    is_ext_shared: channel.isExtShared,
    is_general: channel.name === 'general',
    num_members: channel.members.size,
  };
}

function visible(state: State, id: string): { ok: true; channel: Channel } | Refusal {
  const channel = state.channels.get(id);
  if (channel === undefined || (channel.isPrivate && !channel.members.has(APP.userId))) return refuse('channel_not_found');
  return { ok: true, channel };
}

function ofTypes(channel: Channel, types: string): boolean {
  const kind = channel.kind === 'im' ? 'im' : channel.isPrivate ? 'private_channel' : 'public_channel';
  return types
    .split(',')
    .map((type) => type.trim())
    .includes(kind);
}

function listed(key: string, paged: { items: unknown[]; next_cursor: string } | Refusal): (Json & { ok: true }) | Refusal {
  if ('ok' in paged) return paged;
  return { ok: true, [key]: paged.items, response_metadata: { next_cursor: paged.next_cursor } };
}

const openConversation: Method = ({ state }, args) => {
  const users = textOf(args['users'])
    .split(',')
    .filter((id) => id !== '');
  const channelId = textOf(args['channel']);
  if (channelId !== '') {
    const found = visible(state, channelId);
    return found.ok ? { ok: true, no_op: true, already_open: true, channel: { id: found.channel.id } } : found;
  }
  const [user] = users;
  if (user === undefined) return missing('users');
  if (users.length > 1) return refuse('too_many_users');
  const opened = openDirect(state, user);
  if (!opened.ok) return opened;
  return {
    ok: true,
    channel: args['return_im'] === true || args['return_im'] === 'true' ? toSlackChannel(opened.channel) : { id: opened.channel.id },
  };
};

const listConversations: Method = (hub, args) => {
  const { state } = hub;
  const team = teamOf(hub, args);
  if (!team.ok) return team;
  const types = textOf(args['types']) || 'public_channel';
  const all = [...state.channels.values()].filter(
    (channel) => channel.teamId === team.teamId && ofTypes(channel, types) && visible(state, channel.id).ok,
  );
  return listed('channels', page(all.map(toSlackChannel), args));
};

const usersConversations: Method = (hub, args) => {
  const { state } = hub;
  const team = teamOf(hub, args);
  if (!team.ok) return team;
  const types = textOf(args['types']) || 'public_channel';
  const member = textOf(args['user']) || APP.userId;
  if (!state.people.has(member)) return refuse('user_not_found');
  const all = [...state.channels.values()].filter(
    (channel) => channel.teamId === team.teamId && ofTypes(channel, types) && channel.members.has(member) && visible(state, channel.id).ok,
  );
  return listed('channels', page(all.map(toSlackChannel), args));
};

const conversationInfo: Method = ({ state }, args) => {
  const found = visible(state, textOf(args['channel']));
  return found.ok ? { ok: true, channel: toSlackChannel(found.channel) } : found;
};

const conversationMembers: Method = ({ state }, args) => {
  const found = visible(state, textOf(args['channel']));
  return found.ok ? listed('members', page([...found.channel.members], args)) : found;
};

const userInfo: Method = ({ state }, args) => {
  const person = state.people.get(textOf(args['user']));
  return person === undefined ? refuse('user_not_found') : { ok: true, user: toSlackUser(person, state.now()) };
};

const listUsers: Method = (hub, args) => {
  const { state } = hub;
  const team = teamOf(hub, args);
  if (!team.ok) return team;
  return listed(
    'members',
    page(
      [...state.people.values()].map((person) => toSlackUser(person, state.now())),
      args,
    ),
  );
};

const lookupByEmail: Method = ({ state }, args) => {
  const email = textOf(args['email']).toLowerCase();
  // Deactivated and external people are missed, as Slack does: a miss does not mean somebody new.
  const person = [...state.people.values()].find(
    (candidate) => email !== '' && candidate.email.toLowerCase() === email && !candidate.deleted && candidate.teamId === TEAM.id,
  );
  return person === undefined ? refuse('users_not_found') : { ok: true, user: toSlackUser(person, state.now()) };
};

export const peopleMethods: Record<string, Method> = {
  'conversations.open': openConversation,
  'conversations.list': listConversations,
  'conversations.info': conversationInfo,
  'conversations.members': conversationMembers,
  'users.conversations': usersConversations,
  'users.info': userInfo,
  'users.list': listUsers,
  'users.lookupByEmail': lookupByEmail,
};
