import { type Json, textOf } from '../json.ts';
import { APP } from '../people.ts';
import { toSlackMessage } from '../messages.ts';
import type { Refusal } from '../modals.ts';
import type { Channel, Message } from '../state.ts';
import { type Method, page, refuse } from './method.ts';

const flag = (value: unknown): boolean => value === true || value === 'true' || value === '1';

function readable(channels: ReadonlyMap<string, Channel>, scopes: readonly string[], args: Json): { ok: true; channel: Channel } | Refusal {
  const channel = channels.get(textOf(args['channel']));
  if (channel === undefined || (channel.isPrivate && !channel.members.has(APP.userId))) return refuse('channel_not_found');
  const needed = channel.kind === 'im' ? 'im:history' : channel.isPrivate ? 'groups:history' : 'channels:history';
  if (!scopes.includes(needed)) return refuse('missing_scope');
  return channel.members.has(APP.userId) ? { ok: true, channel } : refuse('not_in_channel');
}

/** Within the asked times, which the bounds themselves are outside of unless `inclusive` says otherwise. */
function isWithin(message: Message, args: Json): boolean {
  const [ts, oldest, latest] = [Number(message.ts), Number(textOf(args['oldest']) || '0'), Number(textOf(args['latest']) || 'Infinity')];
  return (ts > oldest && ts < latest) || (flag(args['inclusive']) && (ts === oldest || ts === latest));
}

function told(message: Message, args: Json): Json {
  const { metadata, ...rest } = toSlackMessage(message);
  const broadcast = message.isBroadcast ? { subtype: 'thread_broadcast' } : {};
  return { ...rest, ...broadcast, ...(metadata !== undefined && flag(args['include_all_metadata']) ? { metadata } : {}) };
}

function answer(messages: readonly Message[], args: Json): (Json & { ok: true }) | Refusal {
  const paged = page(messages, args);
  if ('ok' in paged) return paged;
  return {
    ok: true,
    messages: paged.items.map((message) => told(message, args)),
    has_more: paged.next_cursor !== '',
    response_metadata: { next_cursor: paged.next_cursor },
  };
}

/** What stands in the channel itself, the newest first: no replies but those that were broadcast, nothing that one person sees alone. */
const history: Method = ({ state, scopes }, args) => {
  const found = readable(state.channels, scopes, args);
  if (!found.ok) return found;
  const messages = found.channel.messages.filter(
    (message) => message.onlyFor === null && (message.threadTs === null || message.isBroadcast) && isWithin(message, args),
  );
  return answer(messages.toReversed(), args);
};

/** A thread, the oldest first; its first message is there whatever times are asked for. */
const replies: Method = ({ state, scopes }, args) => {
  const found = readable(state.channels, scopes, args);
  if (!found.ok) return found;
  const ts = textOf(args['ts']);
  const thread = found.channel.messages.filter((message) => message.onlyFor === null && (message.ts === ts || message.threadTs === ts));
  if (thread.length === 0) return refuse('thread_not_found');
  return answer(
    thread.filter((message) => message.ts === ts || isWithin(message, args)),
    args,
  );
};

export const historyMethods: Record<string, Method> = {
  'conversations.history': history,
  'conversations.replies': replies,
};
