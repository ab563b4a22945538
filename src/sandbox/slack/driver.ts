import type { Act, Container, Outcome } from './acts/act.ts';
import { perform } from './acts/perform.ts';
import { elementsOf, findElement, findOption } from './elements.ts';
import { valueKey } from './element-state.ts';
import type { Hub } from './hub.ts';
import { type Json, textOf } from './json.ts';
import { directChannel, findChannel, findMessage } from './messages.ts';
import { findView, stackOf } from './modals.ts';
import { messagesFor } from './snapshot.ts';
import type { Channel, ElementState, Message, Values, View } from './state.ts';

/** A message or a view, as `messages()`, `views()` and the rest give them. */
export type Target = Message | View;
/** What goes into a form: block_id → text, or the value of an option, or Slack's own element state. */
export type Filling = Record<string, string | ElementState>;

/** One person's hands and eyes. What a person could not do (no such button, message, window) throws. */
export type Hands = {
  id: string;
  command: (text: string, channel?: string) => Promise<void>;
  say: (text: string, channel?: string) => Promise<void>;
  press: (target: Target, actionId: string, more?: { blockId?: string; state?: Values }) => Promise<void>;
  /** Chooses in a select, or types in an input, by the option's value, several of them joined by commas, or the text; null deselects. */
  choose: (target: Target, actionId: string, value: string | null, blockId?: string) => Promise<void>;
  /** Fills and submits. Answers what is shown at the fields afterwards, empty when it went through. */
  submit: (view: View, filling?: Filling) => Promise<{ errors: Record<string, string>; notice: string | null }>;
  close: (view: View) => Promise<void>;
  openHome: () => Promise<void>;
  shortcut: (callbackId: string) => Promise<void>;
  /** Chooses a shortcut in a message's menu. */
  shortcutAt: (message: Message, callbackId: string) => Promise<void>;
  options: (target: Target, actionId: string, query: string) => Promise<Json>;
  messages: (channel: string) => Message[];
  dm: () => Message[];
  ephemerals: (channel?: string) => Message[];
  views: () => View[];
  home: () => View | undefined;
};

function containerOf(target: Target): Container {
  return 'ts' in target ? { kind: 'message', channel: target.channel, ts: target.ts } : { kind: 'view', viewId: target.id };
}

function current(hub: Hub, target: Target): Target {
  const now = 'ts' in target ? findMessage(hub.state, target.channel, target.ts) : findView(hub.state, { id: target.id });
  if (now === undefined) throw new Error('the message or view is gone');
  return now;
}

function stateFor(element: Json & { type: string }, value: string | null): ElementState {
  const key = valueKey(element.type);
  if (key === undefined) throw new Error(`${element.type} holds no value`);
  if (value === null) return { type: element.type, [key]: null };
  if (key === 'selected_options') {
    const options = value.split(',').map((each) => findOption(element, each) ?? { value: each });
    return { type: element.type, [key]: options };
  }
  if (key !== 'selected_option') return { type: element.type, [key]: key === 'selected_date_time' ? Number(value) : value };
  const option = findOption(element, value);
  if (option === undefined) throw new Error(`no option “${value}” in ${textOf(element['action_id'])}`);
  return { type: element.type, [key]: option };
}

function toValues(view: View, filling: Filling): Values {
  const values: Values = {};
  for (const [blockId, given] of Object.entries(filling)) {
    const element = elementsOf(view.blocks).find(({ block }) => block.block_id === blockId)?.element;
    if (element === undefined) throw new Error(`no input “${blockId}” in this view`);
    values[blockId] = { [element.action_id]: typeof given === 'string' ? stateFor(element, given) : given };
  }
  return values;
}

/** Acts as one person, by name or id. */
export function createHands(hub: Hub, userId: string): Hands {
  const { state } = hub;
  const run = async (given: Act): Promise<Outcome & { ok: true }> => {
    const outcome = await perform(hub, given);
    if (!outcome.ok) throw new Error(outcome.error);
    return outcome;
  };
  const channelOf = (name: string): Channel => {
    const channel = name === 'dm' ? directChannel(state, userId) : findChannel(state, name);
    if (channel === undefined) throw new Error(`no channel ${name}`);
    return channel;
  };
  const placedOn = (target: Target, actionId: string, blockId?: string) => {
    const placed = findElement(current(hub, target).blocks, actionId, blockId);
    if (placed === undefined) throw new Error(`no “${actionId}” there`);
    return { container: containerOf(target), blockId: placed.block.block_id, actionId, element: placed.element };
  };
  const askOptions: Hands['options'] = async (target, actionId, query) => {
    const { element: _element, ...where } = placedOn(target, actionId);
    return run({ as: userId, type: 'options', ...where, query });
  };
  const seen = (channel: Channel) => messagesFor(state, channel, userId);
  return {
    id: userId,
    command: async (text, channel = 'general') => void (await run({ as: userId, type: 'command', channel: channelOf(channel).id, text })),
    say: async (text, channel = 'general') => void (await run({ as: userId, type: 'message', channel: channelOf(channel).id, text })),
    press: async (target, actionId, more = {}) => {
      const { element: _element, ...where } = placedOn(target, actionId, more.blockId);
      await run({ as: userId, type: 'block_action', ...where, ...(more.state === undefined ? {} : { state: more.state }) });
    },
    choose: async (target, actionId, value, inBlock) => {
      const { element, ...where } = placedOn(target, actionId, inBlock);
      if (element.type === 'overflow') return void (await run({ as: userId, type: 'block_action', ...where, value }));
      // The options of an external select are what the app answers to what was typed.
      const offered = element.type === 'external_select' && value !== null ? await askOptions(target, actionId, value) : element;
      const chosen = { [where.blockId]: { [actionId]: stateFor({ ...offered, type: element.type }, value) } };
      await run({ as: userId, type: 'block_action', ...where, state: chosen });
    },
    submit: async (view, filling = {}) => {
      await run({ as: userId, type: 'submit', viewId: view.id, state: toValues(view, filling) });
      return { errors: view.errors, notice: view.notice };
    },
    close: async (view) => void (await run({ as: userId, type: 'close', viewId: view.id })),
    openHome: async () => void (await run({ as: userId, type: 'home' })),
    shortcut: async (callbackId) => void (await run({ as: userId, type: 'shortcut', callbackId })),
    shortcutAt: async ({ channel, ts }, callbackId) => void (await run({ as: userId, type: 'message_shortcut', callbackId, channel, ts })),
    options: askOptions,
    messages: (channel) => seen(channelOf(channel)),
    dm: () => seen(directChannel(state, userId)),
    ephemerals: (channel) => {
      const places = channel === undefined ? [...state.channels.values()] : [channelOf(channel)];
      return places.flatMap(seen).filter((message) => message.onlyFor === userId);
    },
    views: () => stackOf(state, userId),
    home: () => state.homes.get(userId),
  };
}
