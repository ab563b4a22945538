const KINDS = {
  static_select: ['selected_option', 'initial_option', null],
  external_select: ['selected_option', 'initial_option', null],
  radio_buttons: ['selected_option', 'initial_option', null],
  multi_static_select: ['selected_options', 'initial_options', []],
  checkboxes: ['selected_options', 'initial_options', []],
  users_select: ['selected_user', 'initial_user', null],
  conversations_select: ['selected_conversation', 'initial_conversation', null],
  datepicker: ['selected_date', 'initial_date', null],
  timepicker: ['selected_time', 'initial_time', null],
  datetimepicker: ['selected_date_time', 'initial_date_time', null],
  plain_text_input: ['value', 'initial_value', null],
  email_text_input: ['value', 'initial_value', null],
  url_text_input: ['value', 'initial_value', null],
  number_input: ['value', 'initial_value', null],
};

const at = (blockId, actionId) => `${blockId}\n${actionId}`;

/** The options of a static choice, groups opened. */
export function optionsOf(element) {
  return [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];
}

function elementsOf(blocks) {
  return blocks.flatMap((block) => {
    const placed = [...(block.type === 'actions' ? block.elements : []), block.accessory, block.element];
    return placed.filter((element) => element !== undefined && KINDS[element.type] !== undefined).map((element) => ({ block, element }));
  });
}

function fits(element, value) {
  if (element.options === undefined && element.option_groups === undefined) return true;
  const known = new Set(optionsOf(element).map((option) => option.value));
  return [value].flat().every((option) => option === null || known.has(option.value));
}

/**
 * What a person has typed and chosen in one message or view, apart from the drawing of it: a
 * redraw shows it again, and a block that keeps its id keeps its value.
 */
export function createDrafts() {
  const held = new Map();
  let known = {};

  const valueOf = (block, element) => {
    const [key, initial, empty] = KINDS[element.type];
    const draft = held.get(at(block.block_id, element.action_id));
    if (draft?.type === element.type && fits(element, draft.value)) return draft.value;
    const state = known[block.block_id]?.[element.action_id];
    return state === undefined ? (element[initial] ?? empty) : (state[key] ?? empty);
  };

  return {
    valueOf,
    set: (block, element, value) => held.set(at(block.block_id, element.action_id), { type: element.type, value }),
    /** Takes note of what the workspace remembers, for where nothing was typed on this page. */
    recall: (values) => {
      known = values ?? {};
    },
    /** `state.values` of these blocks in Slack's form. */
    values: (blocks) => {
      const values = {};
      for (const { block, element } of elementsOf(blocks)) {
        const state = { type: element.type, [KINDS[element.type][0]]: valueOf(block, element) };
        values[block.block_id] = { ...values[block.block_id], [element.action_id]: state };
      }
      return values;
    },
    /** Forgets what stood in elements that are gone. */
    prune: (blocks) => {
      const here = new Set(elementsOf(blocks).map(({ block, element }) => at(block.block_id, element.action_id)));
      for (const key of held.keys()) if (!here.has(key)) held.delete(key);
    },
  };
}
