import type { Block } from './block-kit/check.ts';
import { selectOption } from './block-kit/options.ts';
import { elementsOf, findOption } from './elements.ts';
import { isJson, type Json, listOf, textOf } from './json.ts';
import type { ElementState, Values } from './state.ts';

type Kind = { key: string; initial: string; empty: null | []; accept: (value: unknown, element: Json) => unknown };

const oneOption = (value: unknown, element: Json): unknown => (isJson(value) ? findOption(element, textOf(value['value'])) : undefined);
const manyOptions = (value: unknown, element: Json): unknown => {
  const chosen = listOf(value).map((option) => findOption(element, textOf(option['value'])));
  return Array.isArray(value) && chosen.every((option) => option !== undefined) ? chosen : undefined;
};
const matching = (pattern: RegExp) => (value: unknown) => (typeof value === 'string' && pattern.test(value) ? value : undefined);
const id = matching(/^[A-Z0-9]{2,30}$/);
const typed = matching(/^[^]{0,3000}$/u);

const single = { key: 'selected_option', initial: 'initial_option', empty: null, accept: oneOption };
const multi: Kind = { key: 'selected_options', initial: 'initial_options', empty: [], accept: manyOptions };
const written = { key: 'value', initial: 'initial_value', empty: null, accept: typed };

/** Where each stateful element keeps its value, what it holds untouched, and which values it takes. */
const KINDS: Record<string, Kind> = {
  static_select: single,
  radio_buttons: single,
  // Its options are the app's answer to a query and gone with it, so only their shape can be checked.
  external_select: { ...single, accept: (value) => (selectOption.safeParse(value).success ? value : undefined) },
  multi_static_select: multi,
  checkboxes: multi,
  users_select: { key: 'selected_user', initial: 'initial_user', empty: null, accept: id },
  conversations_select: { key: 'selected_conversation', initial: 'initial_conversation', empty: null, accept: id },
  datepicker: { key: 'selected_date', initial: 'initial_date', empty: null, accept: matching(/^\d{4}-\d{2}-\d{2}$/) },
  timepicker: { key: 'selected_time', initial: 'initial_time', empty: null, accept: matching(/^([01]\d|2[0-3]):[0-5]\d$/) },
  datetimepicker: {
    key: 'selected_date_time',
    initial: 'initial_date_time',
    empty: null,
    accept: (value) => (Number.isInteger(value) ? value : undefined),
  },
  plain_text_input: written,
  email_text_input: written,
  url_text_input: written,
  number_input: written,
};

export function valueKey(type: string): string | undefined {
  return KINDS[type]?.key;
}

/** The state of an untouched element; undefined for buttons and other stateless ones. */
export function initialState(element: Json & { type: string }): ElementState | undefined {
  const kind = KINDS[element.type];
  if (kind === undefined) return undefined;
  return { type: element.type, [kind.key]: element[kind.initial] ?? kind.empty };
}

/** The given state as this element can hold it; undefined where it cannot. */
export function acceptState(element: Json & { type: string }, given: unknown): ElementState | undefined {
  const kind = KINDS[element.type];
  if (kind === undefined || !isJson(given)) return undefined;
  const value = given[kind.key];
  if (value === null || value === undefined || value === '') return { type: element.type, [kind.key]: kind.empty };
  const accepted = kind.accept(value, element);
  return accepted === undefined ? undefined : { type: element.type, [kind.key]: accepted };
}

/**
 * `state.values` of these blocks: what was chosen where it still fits, else what the element starts with.
 * A block that keeps its id keeps what was typed in it, as in Slack.
 */
export function valuesOf(blocks: readonly Block[], chosen: Values): Values {
  const values: Values = {};
  for (const { block, element } of elementsOf(blocks)) {
    const held = chosen[block.block_id]?.[element.action_id];
    const state = (held === undefined ? undefined : acceptState(element, held)) ?? initialState(element);
    if (state !== undefined) values[block.block_id] = { ...values[block.block_id], [element.action_id]: state };
  }
  return values;
}

/** The sum of what was held and what is given; a sentence where something given does not fit its element. */
export function mergeValues(blocks: readonly Block[], held: Values, given: Values): Values | string {
  const merged = structuredClone(held);
  for (const { block, element } of elementsOf(blocks)) {
    const value = given[block.block_id]?.[element.action_id];
    if (value === undefined) continue;
    const accepted = acceptState(element, value);
    if (accepted === undefined) return `“${element.action_id}” cannot hold this value.`;
    merged[block.block_id] = { ...merged[block.block_id], [element.action_id]: accepted };
  }
  return merged;
}

export function isEmptyState(state: ElementState | undefined): boolean {
  const value = state === undefined ? undefined : state[KINDS[state.type]?.key ?? ''];
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
