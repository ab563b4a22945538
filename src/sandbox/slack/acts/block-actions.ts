import { optionGroup, selectOption } from '../block-kit/options.ts';
import { findOption, type Placed } from '../elements.ts';
import { acceptState, mergeValues, valueKey } from '../element-state.ts';
import type { Hub } from '../hub.ts';
import { type Json, textOf } from '../json.ts';
import { actionPayload, type Place, suggestionPayload } from '../payloads.ts';
import type { Person } from '../people.ts';
import type { ElementState, Values } from '../state.ts';
import { type ActOf, cannot, type Outcome } from './act.ts';
import { tellFailure, whileBusy } from './deliver-act.ts';
import { findPlace, findPlaced } from './places.ts';

const OPTIONS_MAX = 100;

function heldValues(place: Place, person: Person): Values {
  return place.kind === 'view' ? place.view.values : (place.message.choices.get(person.id) ?? {});
}

function holdValues(place: Place, person: Person, values: Values): void {
  if (place.kind === 'view') place.view.values = values;
  else place.message.choices.set(person.id, values);
}

/** The new state of the element acted on: what the act names, else what its `state` holds; null deselects. */
function newState({ block, element }: Placed, given: ActOf<'block_action'>): unknown {
  const key = valueKey(element.type);
  if (key === undefined) return undefined;
  const fields = [
    given.selectedOption,
    given.selectedOptions,
    given.selectedUser,
    given.selectedConversation,
    given.selectedDate,
    given.selectedTime,
    given.selectedDateTime,
    given.value,
  ];
  const named = fields.find((field) => field !== undefined && field !== null);
  if (named !== undefined) {
    return { type: element.type, [key]: key === 'selected_option' && typeof named === 'string' ? findOption(element, named) : named };
  }
  return given.state?.[block.block_id]?.[element.action_id] ?? (fields.includes(null) ? { type: element.type, [key]: null } : undefined);
}

function overflowChoice({ element }: Placed, given: ActOf<'block_action'>): Json | undefined {
  const value = textOf(given.selectedOption?.['value'] ?? given.value);
  return findOption(element, value);
}

function showFailure(hub: Hub, person: Person, place: Place, answer: Parameters<typeof tellFailure>[4]): void {
  if (place.kind === 'message') {
    tellFailure(hub, person, place.channel.id, 'This action', answer);
    return;
  }
  if (answer.kind === 'failed') hub.state.warn(`block_actions: ${answer.reason}`);
  place.view.notice = 'We had some trouble connecting. Try again?';
  hub.state.changed();
}

type Acted = { acted: Json; values: Values } | string;

function actOn(place: Place, person: Person, placed: Placed, given: ActOf<'block_action'>): Acted {
  const blocks = place.kind === 'view' ? place.view.blocks : place.message.blocks;
  const { block, element } = placed;
  const values = mergeValues(blocks, heldValues(place, person), given.state ?? {});
  if (typeof values === 'string') return values;
  if (element.type === 'button') return { acted: {}, values };
  if (element.type === 'overflow') {
    const option = overflowChoice(placed, given);
    return option === undefined ? 'This is not one of the options.' : { acted: { selected_option: option }, values };
  }
  const state: ElementState | undefined = acceptState(element, newState(placed, given) ?? values[block.block_id]?.[element.action_id]);
  if (state === undefined) return 'This is not one of the options.';
  values[block.block_id] = { ...values[block.block_id], [element.action_id]: state };
  return { acted: state, values };
}

/** Presses a button, or chooses or types in something stateful. */
export async function actOnBlock(hub: Hub, person: Person, given: ActOf<'block_action'>): Promise<Outcome> {
  const place = findPlace(hub, person, given.container);
  if (typeof place === 'string') return cannot(place);
  const placed = findPlaced(place, given.blockId, given.actionId);
  if (placed === undefined) return cannot('This is not there any more.');
  const done = actOn(place, person, placed, given);
  if (typeof done === 'string') return cannot(done);
  holdValues(place, person, done.values);
  // Inputs tell the app nothing until the form is submitted, unless they ask to.
  if (placed.block.type === 'input' && placed.block['dispatch_action'] !== true) return { ok: true };
  const payload = actionPayload(hub, person, place, placed, done.acted, done.values);
  const answer = await whileBusy(hub, person, 'Working …', { type: 'interactive', payload });
  if (answer.kind !== 'acked') showFailure(hub, person, place, answer);
  return { ok: true };
}

/** Asks the app for the options of an external select. */
export async function askOptions(hub: Hub, person: Person, given: ActOf<'options'>): Promise<Outcome> {
  const place = findPlace(hub, person, given.container);
  if (typeof place === 'string') return cannot(place);
  const placed = findPlaced(place, given.blockId, given.actionId);
  if (placed?.element.type !== 'external_select') return cannot('This is not there any more.');
  const payload = suggestionPayload(hub, person, place, placed, given.query);
  const answer = await hub.courier.deliver({ type: 'interactive', payload });
  if (answer.kind !== 'acked') return cannot('The options did not come in time.');
  const options = selectOption.array().max(OPTIONS_MAX).safeParse(answer.body['options']);
  if (options.success) return { ok: true, options: options.data };
  const groups = optionGroup.array().max(OPTIONS_MAX).safeParse(answer.body['option_groups']);
  if (groups.success) return { ok: true, option_groups: groups.data };
  hub.state.warn(`options of ${placed.element.action_id}: the app's answer is not what Slack takes`);
  return cannot('The options could not be loaded.');
}
