import { h } from './dom.js';

const SHOWN_MS = 7000;
const tray = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });

/** Says for some seconds what went wrong. */
export function toast(text) {
  if (!tray.isConnected) document.body.append(tray);
  const node = h('div', { class: 'toast' }, text);
  tray.append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}
