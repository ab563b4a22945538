import { h } from './dom.js';
import { trapTab } from './modal.js';
import { textObject } from './mrkdwn.js';

/** Asks before something is done, over everything else in the seat. */
export function createConfirm(seatId, names, onCover) {
  const layer = h('div', { class: 'layer confirm', hidden: true });

  const ask = (given) =>
    new Promise((resolve) => {
      const before = document.activeElement;
      const settle = (isYes) => {
        layer.replaceChildren();
        layer.hidden = true;
        onCover(false);
        before?.focus();
        resolve(isYes);
      };
      const yes = h('button', {
        type: 'button',
        class: `button ${given.style === 'danger' ? 'danger solid' : 'primary'}`,
        onclick: () => settle(true),
      });
      yes.append(given.confirm?.text ?? 'Yes');
      const no = h('button', { type: 'button', class: 'button', onclick: () => settle(false) }, given.deny?.text ?? 'Cancel');
      const title = h('h2', { id: `${seatId}-confirm-title` }, given.title?.text ?? 'Are you sure?');
      const body = h('div', { class: 'modal-body' }, given.text === undefined ? '' : textObject(given.text, names));
      const dialog = h('div', { class: 'modal small', role: 'alertdialog', 'aria-modal': 'true', 'aria-labelledby': title.id });
      dialog.append(h('header', null, title), body, h('footer', null, no, yes));
      dialog.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') settle(false);
        else trapTab(dialog, event);
      });
      layer.replaceChildren(dialog);
      layer.hidden = false;
      onCover(true);
      no.focus();
    });
  return { layer, ask };
}
