import { h } from './dom.js';
import { icon } from './icons.js';

function initials(name) {
  const words = name.split(/\s+/).filter((word) => word !== '');
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => word?.charAt(0) ?? '')
    .join('')
    .toUpperCase();
}

/** Paints with the person's own colour: a six-digit hex number without the hash. */
export function paint(node, user) {
  node.style.setProperty('--person', /^[0-9a-f]{6}$/i.test(user?.color ?? '') ? `#${user.color}` : '#5b6470');
  return node;
}

/** A person's initials on their colour; the moon for an app. */
export function avatar(user) {
  const node = h('span', { class: user?.is_bot === true ? 'avatar app' : 'avatar', 'aria-hidden': 'true' });
  node.append(user?.is_bot === true ? icon('moon') : initials(user?.real_name ?? '?'));
  return paint(node, user);
}

/**
 * "You are": one choice per person.
 * @returns {{ node: Element, update: (users: any[], me: any) => void }}
 */
export function createPeople(seatId, onChoose) {
  const choices = h('div', { class: 'people', role: 'radiogroup', 'aria-label': 'You are' });
  const node = h('div', { class: 'who' }, h('span', { class: 'who-label', 'aria-hidden': 'true' }, 'You are'), choices);
  const draw = (user, me) => {
    const radio = h('input', { type: 'radio', name: `${seatId}-who`, value: user.id, checked: user.id === me.id });
    radio.addEventListener('change', () => onChoose(user.id));
    const first = user.real_name.split(' ')[0];
    const words = h('span', { class: 'person-words' }, h('b', null, first), h('small', null, user.title || user.name));
    return h('label', { class: 'person', title: `${user.real_name}${user.title ? ` (${user.title})` : ''}` }, radio, avatar(user), words);
  };
  let drawn = '';
  return {
    node,
    update: (users, me) => {
      const shown = users.filter((user) => !user.is_bot && !user.deleted);
      const version = JSON.stringify([shown, me.id]);
      if (version === drawn) return;
      drawn = version;
      const hadFocus = choices.contains(document.activeElement);
      choices.replaceChildren(...shown.map((user) => draw(user, me)));
      if (hadFocus) choices.querySelector('input:checked')?.focus();
    },
  };
}
