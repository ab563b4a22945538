import { fromLocalInput, toLocalInput } from './dates.js';
import { h } from './dom.js';
import { textObject } from './mrkdwn.js';

const triggersOf = (element) => element.dispatch_action_config?.trigger_actions_on ?? ['on_enter_pressed'];

function dispatchOnEnter(block, element, surface) {
  return (event) => {
    if (event.key !== 'Enter' || event.isComposing || block.dispatch_action !== true) return;
    if (!triggersOf(element).includes('on_enter_pressed')) return;
    event.preventDefault();
    void surface.act(block, element, event.target.value);
  };
}

/** plain_text_input and its kin for e-mail, address and number. */
function textInput(type, extra = () => ({})) {
  return (element, block, surface, common) =>
    h(element.multiline === true ? 'textarea' : 'input', {
      ...common,
      class: 'field',
      type: element.multiline === true ? null : type,
      rows: element.multiline === true ? 4 : null,
      placeholder: element.placeholder?.text,
      maxlength: element.max_length,
      value: surface.valueOf(block, element) ?? '',
      autocomplete: 'off',
      oninput: (event) => surface.type(block, element, event.target.value),
      onkeydown: dispatchOnEnter(block, element, surface),
      ...extra(element),
    });
}

/** A native date, time or date-time field. `read` and `show` turn its value to Slack's and back. */
function momentInput(type, read, show) {
  return (element, block, surface, common) => {
    const draw = (value) => (value === null ? '' : show(value));
    const input = h('input', { ...common, class: 'field short', type, value: draw(surface.valueOf(block, element)) });
    const undo = (value) => {
      input.value = draw(value);
    };
    input.addEventListener('change', () => surface.change(block, element, read(input.value), undo));
    return input;
  };
}

const sameText = (value) => (value === '' ? null : value);

/** checkboxes and radio_buttons. */
function choiceList(type) {
  return (element, block, surface, common) => {
    const isChosen = (value, option) => [value].flat().some((chosen) => chosen?.value === option.value);
    const boxes = element.options.map((option, index) =>
      h('input', {
        type,
        id: `${common.id}-${index}`,
        name: common.id,
        checked: isChosen(surface.valueOf(block, element), option),
        onchange: () => {
          const chosen = element.options.filter((_, at) => boxes[at].checked);
          void surface.change(block, element, type === 'radio' ? (chosen[0] ?? null) : chosen, undo);
        },
      }),
    );
    const undo = (value) => {
      for (const [index, box] of boxes.entries()) box.checked = isChosen(value, element.options[index]);
    };
    const rows = element.options.map((option, index) => {
      const note =
        option.description === undefined ? null : h('span', { class: 'note' }, textObject(option.description, surface.env.names));
      return h('label', { class: 'tick' }, boxes[index], h('span', null, textObject(option.text, surface.env.names), note));
    });
    const role = type === 'radio' ? 'radiogroup' : 'group';
    return h('div', { ...common, class: 'ticks', role, 'aria-labelledby': `${common.id}-label` }, rows);
  };
}

/** Inputs by type: `(element, block, surface, common) => node`, `common` being the attributes every field has. */
export const INPUTS = {
  plain_text_input: textInput('text'),
  email_text_input: textInput('email'),
  url_text_input: textInput('url'),
  number_input: textInput('text', (element) => ({ inputmode: element.is_decimal_allowed ? 'decimal' : 'numeric' })),
  datepicker: momentInput('date', sameText, String),
  timepicker: momentInput('time', sameText, String),
  datetimepicker: momentInput('datetime-local', fromLocalInput, toLocalInput),
  checkboxes: choiceList('checkbox'),
  radio_buttons: choiceList('radio'),
};
