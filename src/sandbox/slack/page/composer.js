import { h } from './dom.js';
import { icon } from './icons.js';
import { openMenu } from './popup.js';

const TEXT_MAX = 8000;

/**
 * Where one writes: text, or a slash command with its completion.
 * @param {(text: string) => Promise<boolean>} onSend true where it was taken
 * @param {(callbackId: string) => void} onShortcut
 */
export function createComposer(seatId, { onSend, onShortcut, onChange }) {
  let commands = [];
  let shortcuts = [];
  let shown = [];
  let active = 0;
  let last = '';

  const list = h('div', { class: 'suggestions', role: 'listbox', id: `${seatId}-commands`, 'aria-label': 'Commands', hidden: true });
  const usage = h('div', { class: 'usage', hidden: true });
  const box = h('textarea', {
    id: `${seatId}-composer`,
    rows: 1,
    maxlength: TEXT_MAX,
    role: 'combobox',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': `${seatId}-commands`,
    autocomplete: 'off',
  });
  const more = h(
    'button',
    { type: 'button', class: 'tool', 'aria-label': 'Shortcuts', title: 'Shortcuts', 'aria-haspopup': 'menu' },
    icon('bolt'),
  );
  const submit = h('button', { type: 'submit', class: 'tool send', 'aria-label': 'Send', title: 'Send (Enter)' }, icon('send'));
  const node = h('form', { class: 'composer' }, list, usage, h('div', { class: 'composer-box' }, more, box, submit));

  const resize = () => {
    box.style.setProperty('height', 'auto');
    box.style.setProperty('height', `${Math.min(box.scrollHeight, 160)}px`);
  };
  const mark = (index) => {
    active = index;
    for (const [at, row] of [...list.children].entries()) row.setAttribute('aria-selected', String(at === index));
    box.setAttribute('aria-activedescendant', `${seatId}-command-${index}`);
  };
  const hide = () => {
    list.hidden = true;
    box.setAttribute('aria-expanded', 'false');
    box.removeAttribute('aria-activedescendant');
  };
  const complete = (command) => {
    setText(`${command.command} `);
    box.focus();
  };
  const suggest = () => {
    shown = /^\/\S*$/.test(box.value) ? commands.filter((known) => known.command.startsWith(box.value)) : [];
    const typed = commands.find((known) => box.value.startsWith(`${known.command} `));
    usage.hidden = typed === undefined;
    usage.replaceChildren(...(typed === undefined ? [] : [h('b', null, typed.command), ` ${typed.usage_hint}`]));
    if (shown.length === 0) return hide();
    list.replaceChildren(
      ...shown.map((command, index) =>
        h(
          'div',
          {
            class: 'suggestion',
            role: 'option',
            id: `${seatId}-command-${index}`,
            onpointerdown: (event) => {
              event.preventDefault();
              complete(command);
            },
          },
          h('div', null, h('b', null, command.command), h('span', { class: 'usage-hint' }, ` ${command.usage_hint}`)),
          h('small', null, command.description),
        ),
      ),
    );
    list.hidden = false;
    box.setAttribute('aria-expanded', 'true');
    mark(0);
  };
  const setText = (text) => {
    box.value = text;
    resize();
    suggest();
    onChange(text);
  };
  const sendNow = async () => {
    const text = box.value.trim();
    if (text === '') return;
    last = text;
    setText('');
    if (!(await onSend(text)) && box.value === '') setText(text);
  };
  const keys = {
    ArrowDown: () => mark((active + 1) % shown.length),
    ArrowUp: () => mark((active - 1 + shown.length) % shown.length),
    Tab: () => complete(shown[active]),
    Enter: () => (shown[active].command === box.value ? sendNow() : complete(shown[active])),
    Escape: hide,
  };

  box.addEventListener('input', () => setText(box.value));
  box.addEventListener('blur', hide);
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (!list.hidden && keys[event.key] !== undefined && !event.shiftKey) {
      event.preventDefault();
      void keys[event.key]();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void sendNow();
    } else if (event.key === 'ArrowUp' && box.value === '' && last !== '') {
      event.preventDefault();
      setText(last);
    }
  });
  node.addEventListener('submit', (event) => {
    event.preventDefault();
    void sendNow();
    box.focus();
  });
  more.addEventListener('click', () => {
    const byShortcut = shortcuts.map((shortcut) => ({
      label: shortcut.name,
      note: 'Shortcut',
      pick: () => onShortcut(shortcut.callback_id),
    }));
    const byCommand = commands.map((command) => ({ label: command.command, note: command.description, pick: () => complete(command) }));
    openMenu(more, [...byShortcut, ...byCommand]);
  });

  return {
    node,
    focus: () => box.focus(),
    setText,
    update: (snapshot, hint) => {
      commands = snapshot.commands;
      shortcuts = snapshot.shortcuts.filter((shortcut) => shortcut.type === 'global');
      more.hidden = commands.length + shortcuts.length === 0;
      box.placeholder = hint;
      box.setAttribute('aria-label', hint);
    },
  };
}
