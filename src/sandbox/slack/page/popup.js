import { h } from './dom.js';
import { icon } from './icons.js';

const GAP = 6;

/** Puts an open popover below its anchor, or above where there is more room, inside the window. */
export function place(panel, anchor, { wide = false } = {}) {
  const box = anchor.getBoundingClientRect();
  if (wide) panel.style.setProperty('width', `${box.width}px`);
  const below = window.innerHeight - box.bottom - GAP;
  const above = box.top - GAP;
  const isUp = below < Math.min(panel.scrollHeight, 220) && above > below;
  panel.style.setProperty('max-height', `${Math.max(120, Math.min(320, isUp ? above : below) - GAP)}px`);
  const left = Math.min(box.left, window.innerWidth - panel.offsetWidth - GAP);
  panel.style.setProperty('left', `${Math.max(GAP, left)}px`);
  panel.style.setProperty('top', `${isUp ? box.top - GAP - panel.offsetHeight : box.bottom + GAP}px`);
}

function moveFocus(menu, step) {
  const items = [...menu.querySelectorAll('[role=menuitem]')];
  const next = items.indexOf(document.activeElement) + step;
  items[(next + items.length) % items.length]?.focus();
}

/**
 * Opens a menu at its button; it closes on a choice, on Escape and on a press elsewhere.
 * @param {{ label: string, note?: string, pick: () => void }[]} items
 */
export function openMenu(anchor, items) {
  const menu = h('div', { class: 'popup menu', role: 'menu', popover: 'auto' });
  const choose = (item) => {
    menu.hidePopover();
    anchor.focus();
    item.pick();
  };
  for (const item of items) {
    const note = item.note === undefined ? null : h('span', { class: 'note' }, item.note);
    menu.append(h('button', { type: 'button', role: 'menuitem', class: 'choice', onclick: () => choose(item) }, item.label, note));
  }
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    moveFocus(menu, event.key === 'ArrowDown' ? 1 : -1);
  });
  menu.addEventListener('toggle', (event) => {
    anchor.setAttribute('aria-expanded', String(event.newState === 'open'));
    if (event.newState === 'closed') menu.remove();
  });
  anchor.after(menu);
  menu.showPopover();
  place(menu, anchor);
  moveFocus(menu, 1);
}

/** A button with three dots that opens a menu. */
export function menuButton(props, items) {
  const button = h('button', { type: 'button', class: 'button icon-only', 'aria-haspopup': 'menu', ...props }, icon('dots'));
  button.addEventListener('click', () => openMenu(button, items));
  return button;
}
