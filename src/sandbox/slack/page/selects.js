import { combobox } from './combobox.js';
import { h } from './dom.js';
import { optionsOf } from './drafts.js';

/** A native select. `choices` are `{ value, text }`, or groups of them; `take` turns a value into Slack's. */
function dropdown(element, block, surface, common, { groups, take, valueOf }) {
  const chosen = surface.valueOf(block, element);
  const isFree = chosen === null || block.optional === true;
  const draw = (choice) => h('option', { value: choice.value, selected: chosen !== null && choice.value === valueOf(chosen) }, choice.text);
  const select = h(
    'select',
    { ...common, class: 'field' },
    isFree && h('option', { value: '', selected: chosen === null }, element.placeholder?.text ?? 'Choose …'),
    groups.flatMap((group) => {
      const options = group.choices.map(draw);
      return group.label === undefined ? options : [h('optgroup', { label: group.label }, options)];
    }),
  );
  const undo = (value) => {
    select.value = value === null ? '' : valueOf(value);
  };
  select.addEventListener('change', () => surface.change(block, element, select.value === '' ? null : take(select.value), undo));
  return h('span', { class: 'with-caret' }, select);
}

function staticSelect(element, block, surface, common) {
  const toChoice = (option) => ({
    value: option.value,
    text: option.description === undefined ? option.text.text : `${option.text.text} (${option.description.text})`,
  });
  const groups = element.option_groups?.map((group) => ({ label: group.label.text, choices: group.options.map(toChoice) }));
  return dropdown(element, block, surface, common, {
    groups: groups ?? [{ choices: element.options.map(toChoice) }],
    take: (value) => optionsOf(element).find((option) => option.value === value),
    valueOf: (option) => option.value,
  });
}

/** A select over ids, of people or of channels. */
function idSelect(listOf) {
  return (element, block, surface, common) =>
    dropdown(element, block, surface, common, { groups: [{ choices: listOf(surface.env) }], take: String, valueOf: String });
}

function externalSelect(element, block, surface, common) {
  const chosen = surface.valueOf(block, element);
  return combobox({
    ...finder(element, common),
    minQuery: element.min_query_length ?? 3,
    chosen: chosen === null ? [] : [chosen],
    load: (query) => surface.load(block, element, query),
    onChange: ([option]) => surface.change(block, element, option ?? null, () => surface.redraw(block)),
  });
}

function multiStaticSelect(element, block, surface, common) {
  const all = element.option_groups ?? [{ options: element.options }];
  const matches = (query) => (option) => option.text.text.toLowerCase().includes(query.toLowerCase());
  return combobox({
    ...finder(element, common),
    many: true,
    most: element.max_selected_items,
    chosen: surface.valueOf(block, element),
    load: async (query) =>
      all.map((group) => ({ ...group, options: group.options.filter(matches(query)) })).filter((group) => group.options.length > 0),
    onChange: (options) => surface.change(block, element, options, () => surface.redraw(block)),
  });
}

function finder(element, common) {
  return { id: common.id, label: common['aria-label'], placeholder: element.placeholder?.text ?? 'Type to find …' };
}

export const SELECTS = {
  static_select: staticSelect,
  users_select: idSelect((env) => env.users().map((user) => ({ value: user.id, text: user.real_name }))),
  conversations_select: idSelect((env) => env.channels().map((channel) => ({ value: channel.id, text: `#${channel.name}` }))),
  external_select: externalSelect,
  multi_static_select: multiStaticSelect,
};
