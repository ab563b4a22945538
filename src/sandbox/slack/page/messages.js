import { renderBlocks } from './blocks.js';
import { messageTime, fullDate } from './dates.js';
import { clear, h, reconcile, spoken } from './dom.js';
import { icon } from './icons.js';
import { mrkdwn } from './mrkdwn.js';
import { avatar } from './people.js';
import { menuButton } from './popup.js';
import { createSurface } from './surface.js';

const TOGETHER_S = 180;
const NEAR_END_PX = 80;

/** Replies stand below the message they answer. */
function inOrder(messages) {
  const known = new Set(messages.map((message) => message.ts));
  const isReply = (message) => message.thread_ts !== undefined && message.thread_ts !== message.ts && known.has(message.thread_ts);
  return messages
    .filter((message) => !isReply(message))
    .flatMap((parent) => [
      parent,
      ...messages.filter((message) => isReply(message) && message.thread_ts === parent.ts).map((reply) => ({ ...reply, isReply: true })),
    ]);
}

function joinsOn(message, before) {
  if (before === undefined || before.user !== message.user || before.ephemeral !== message.ephemeral) return false;
  if (before.isReply !== message.isReply) return false;
  const isPlain = !message.blocks?.length && !before.blocks?.length;
  return isPlain && Number(message.ts) - Number(before.ts) < TOGETHER_S;
}

function metaOf(message, user) {
  return [
    h('b', { class: 'author' }, user?.real_name ?? message.user),
    user?.is_bot === true && h('span', { class: 'tag' }, 'App'),
    h('time', { title: fullDate(Number(message.ts)) }, messageTime(message.ts)),
    message.edited && h('span', { class: 'edited' }, '(edited)'),
    message.ephemeral && h('span', { class: 'only-you' }, icon('eye'), 'Only visible to you'),
  ].filter(Boolean);
}

/**
 * The messages of one channel, as one person sees them.
 * @param {(key: string) => any} draftsFor the drafts of a message or view
 */
export function createMessages(env, channel, idPrefix, draftsFor) {
  const list = h('div', { class: 'messages' });
  const start = h('div', { class: 'start' }, icon(channel.kind === 'im' ? 'chat' : 'hash'), h('p', null, startText(channel)));
  const node = h(
    'div',
    { class: 'log', tabindex: '0', role: 'log', 'aria-live': 'off', 'aria-label': `Messages in ${channel.name}` },
    start,
    list,
  );
  const surfaces = new WeakMap();

  const fill = (row, message) => {
    const user = env.user(message.user);
    row.className = ['message', message.ephemeral && 'ephemeral', message.isReply && 'reply'].filter(Boolean).join(' ');
    const [, body] = row.children;
    const [meta, content] = body.children;
    meta.replaceChildren(...metaOf(message, user));
    const hasBlocks = message.blocks !== undefined && message.blocks.length > 0;
    if (hasBlocks !== content.classList.contains('blocks')) clear(content);
    content.className = hasBlocks ? 'content blocks' : 'content';
    if (!hasBlocks) {
      content.replaceChildren(mrkdwn(message.text, env.names));
      return;
    }
    if (!surfaces.has(row)) {
      const container = { kind: 'message', channel: channel.id, ts: message.ts };
      surfaces.set(row, createSurface(env, container, draftsFor(message.ts), `${idPrefix}-${message.ts}`));
    }
    renderBlocks(content, message.blocks, surfaces.get(row), message.state);
  };
  const create = (message) => {
    const body = h('div', { class: 'body' }, h('header', { class: 'meta' }), h('div', { class: 'content' }));
    const shortcuts = message.ephemeral ? [] : env.messageShortcuts();
    const items = shortcuts.map(({ name, callback_id: callbackId }) => ({
      label: name,
      note: 'Shortcut',
      pick: () => env.send({ type: 'message_shortcut', callbackId, channel: channel.id, ts: message.ts }),
    }));
    const more =
      items.length === 0 ? null : menuButton({ class: 'button icon-only more', 'aria-label': 'More actions for this message' }, items);
    const row = h('article', { data: { ts: message.ts } }, avatar(env.user(message.user)), body, more);
    fill(row, message);
    return row;
  };

  const toEnd = () => {
    node.scrollTop = node.scrollHeight;
  };
  return {
    node,
    toEnd,
    update: (messages) => {
      const isAtEnd = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_END_PX;
      const ordered = inOrder(messages);
      reconcile(list, ordered, { key: (message) => message.ts, create, update: fill });
      for (const [index, message] of ordered.entries())
        list.children[index].classList.toggle('joined', joinsOn(message, ordered[index - 1]));
      start.hidden = messages.length > 0;
      if (isAtEnd) toEnd();
    },
  };
}

function startText(channel) {
  if (channel.kind === 'im') return 'Nothing yet. What the app has to tell you arrives here.';
  return `Nothing yet in #${channel.name}. Type / to see what you can do.`;
}

/** Reads new messages out to a screen reader. */
export function createAnnouncer(env) {
  const node = h('div', { class: 'spoken', 'aria-live': 'polite' });
  let seen;
  return {
    node,
    reset: () => {
      seen = undefined;
    },
    update: (snapshot) => {
      const all = Object.entries(snapshot.messages).flatMap(([channel, messages]) => messages.map((message) => ({ channel, message })));
      const fresh = all.filter(
        ({ channel, message }) => seen !== undefined && !seen.has(`${channel} ${message.ts}`) && message.user !== snapshot.me.id,
      );
      seen = new Set(all.map(({ channel, message }) => `${channel} ${message.ts}`));
      if (fresh.length === 0) return;
      node.replaceChildren(...fresh.map(({ message }) => spoken(`${env.user(message.user)?.real_name ?? 'Somebody'}: ${message.text}. `)));
    },
  };
}
