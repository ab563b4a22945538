import { h } from './dom.js';
import { icon } from './icons.js';
import { place } from './popup.js';

const PAUSE_MS = 120;

/**
 * A field one types in to find an option, or several.
 * @param {object} given
 * @param {(query: string) => Promise<{ label?: { text: string }, options: any[] }[]>} given.load
 * @param {any[]} given.chosen options chosen at first; without `many` at most one
 * @param {(options: any[]) => void} given.onChange
 */
export function combobox({ id, label, placeholder, many = false, most = Infinity, minQuery = 0, chosen, load, onChange }) {
  let picked = [...chosen];
  let shown = [];
  let active = -1;
  let asked = 0;
  let timer;

  const list = h('div', {
    class: 'popup options',
    role: 'listbox',
    id: `${id}-list`,
    popover: 'manual',
    'aria-label': label ?? placeholder,
  });
  const input = h('input', {
    id,
    type: 'text',
    class: 'field',
    role: 'combobox',
    autocomplete: 'off',
    placeholder,
    'aria-label': label,
    'aria-expanded': 'false',
    'aria-autocomplete': 'list',
    'aria-controls': `${id}-list`,
  });
  const chips = h('div', { class: 'chips' });
  const node = h('div', { class: 'combobox' }, many && chips, h('div', { class: 'with-caret' }, input), list);
  const isOpen = () => list.matches(':popover-open');
  const restText = () => (many ? '' : (picked[0]?.text.text ?? ''));

  const close = () => {
    asked += 1;
    clearTimeout(timer);
    if (isOpen()) list.hidePopover();
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const drawChips = () => {
    chips.replaceChildren(
      ...picked.map((option) =>
        h(
          'span',
          { class: 'chip' },
          option.text.text,
          h('button', { type: 'button', 'aria-label': `Remove ${option.text.text}`, onclick: () => toggle(option) }, icon('close')),
        ),
      ),
    );
  };
  const toggle = (option) => {
    const without = picked.filter((other) => other.value !== option.value);
    if (!many) picked = [option];
    else if (without.length < picked.length) picked = without;
    else if (picked.length < most) picked = [...picked, option];
    input.value = restText();
    drawChips();
    close();
    onChange(picked);
  };
  const mark = (index) => {
    active = index;
    for (const [at, { row }] of shown.entries()) row.classList.toggle('active', at === index);
    shown[index]?.row.scrollIntoView({ block: 'nearest' });
    if (shown[index] === undefined) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', shown[index].row.id);
  };
  const rowOf = (option, index) => {
    const isChosen = picked.some((other) => other.value === option.value);
    const note = option.description === undefined ? null : h('span', { class: 'note' }, option.description.text);
    const press = (event) => {
      event.preventDefault();
      toggle(option);
    };
    const props = { class: 'choice', role: 'option', id: `${id}-option-${index}`, 'aria-selected': String(isChosen), onpointerdown: press };
    return h('div', props, option.text.text, note, isChosen && icon('check'));
  };
  const say = (text) => list.replaceChildren(h('div', { class: 'nothing' }, text));
  const draw = (groups) => {
    shown = [];
    const rows = groups.flatMap((group) => {
      const options = group.options.map((option) => {
        const row = rowOf(option, shown.length);
        shown.push({ option, row });
        return row;
      });
      return group.label === undefined ? options : [h('div', { class: 'group' }, group.label.text), ...options];
    });
    list.replaceChildren(...rows);
    if (shown.length === 0) say('Nothing found');
    mark(shown.length > 0 ? 0 : -1);
  };
  const search = async (query) => {
    const mine = ++asked;
    shown = [];
    say(query.length < minQuery ? `Type ${minQuery} or more characters` : 'Looking …');
    if (!isOpen()) list.showPopover();
    input.setAttribute('aria-expanded', 'true');
    place(list, input, { wide: true });
    if (query.length < minQuery) return;
    const groups = await load(query);
    if (mine !== asked) return;
    draw(groups);
    place(list, input, { wide: true });
  };
  const leave = () => {
    if (!many && input.value === '' && picked.length > 0) {
      picked = [];
      onChange(picked);
    }
    input.value = restText();
    close();
  };

  input.value = restText();
  drawChips();
  input.addEventListener('click', () => isOpen() || search(''));
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS, input.value.trim());
  });
  input.addEventListener('blur', leave);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isOpen()) {
      event.stopPropagation();
      input.value = restText();
      close();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (isOpen()) mark(Math.max(0, Math.min(shown.length - 1, active + (event.key === 'ArrowDown' ? 1 : -1))));
      else void search('');
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (isOpen() && shown[active] !== undefined) toggle(shown[active].option);
    } else if (event.key === 'Backspace' && many && input.value === '' && picked.length > 0) toggle(picked.at(-1));
  });
  return node;
}
