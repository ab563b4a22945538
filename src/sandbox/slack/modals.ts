import { randomBytes } from 'node:crypto';
import { type Block, checkView } from './block-kit/check.ts';
import { elementsOf } from './elements.ts';
import { valuesOf } from './element-state.ts';
import { type Json, textOf } from './json.ts';
import { APP, TEAM } from './people.ts';
import type { State, Values, View } from './state.ts';

const STACK_MAX = 3;

/** Slack's refusal; `messages` go to response_metadata. */
export type Refusal = { ok: false; error: string; messages?: string[] };
export type Shown = { ok: true; view: View } | Refusal;

type Ready = { source: Json & { type: string }; blocks: Block[] };

function ready(state: State, given: unknown, type: 'modal' | 'home', replaces?: View): { ok: true; ready: Ready } | Refusal {
  const checked = checkView(given);
  if (!checked.ok) {
    if (checked.tooLarge === true) return { ok: false, error: 'view_too_large' };
    return { ok: false, error: 'invalid_arguments', messages: checked.problems };
  }
  const { view: source, blocks } = checked.value;
  if (source.type !== type)
    return { ok: false, error: 'invalid_arguments', messages: [`[ERROR] must be a ${type} view [json-pointer:/view/type]`] };
  const externalId = source.external_id ?? '';
  const holder = externalId === '' ? undefined : findView(state, { externalId });
  if (holder !== undefined && holder !== replaces) return { ok: false, error: 'duplicate_external_id' };
  return { ok: true, ready: { source: { ...source }, blocks } };
}

function newHash(state: State): string {
  return `${Math.floor(state.now() / 1000)}.${randomBytes(4).toString('hex')}`;
}

function create(state: State, userId: string, { source, blocks }: Ready, below: View | undefined): View {
  const id = `V${randomBytes(5).toString('hex').toUpperCase()}`;
  return {
    id,
    userId,
    hash: newHash(state),
    source,
    blocks,
    values: {},
    rootId: below?.rootId ?? id,
    previousId: below?.id ?? null,
    errors: {},
    notice: null,
  };
}

export function stackOf(state: State, userId: string): View[] {
  return state.modals.get(userId) ?? [];
}

export function findView(state: State, by: { id: string } | { externalId: string }): View | undefined {
  const all = [...[...state.modals.values()].flat(), ...state.homes.values()];
  return all.find((view) => ('id' in by ? view.id === by.id : view.source['external_id'] === by.externalId));
}

/** Opens a modal on top of what this person has open. */
export function openModal(state: State, userId: string, given: unknown): Shown {
  const checked = ready(state, given, 'modal');
  if (!checked.ok) return checked;
  const stack = stackOf(state, userId);
  if (stack.length >= STACK_MAX) return { ok: false, error: 'push_limit_reached' };
  const view = create(state, userId, checked.ready, stack.at(-1));
  state.modals.set(userId, [...stack, view]);
  state.changed();
  return { ok: true, view };
}

/** Replaces what a view shows. A stale `hash` is refused, so that no newer version is overwritten unseen. */
export function updateView(state: State, view: View, given: unknown, hash?: string): Shown {
  if (hash !== undefined && hash !== view.hash) return { ok: false, error: 'hash_conflict' };
  const checked = ready(state, given, view.source.type === 'home' ? 'home' : 'modal', view);
  if (!checked.ok) return checked;
  view.source = checked.ready.source;
  view.blocks = checked.ready.blocks;
  view.values = kept(view.blocks, view.values);
  view.errors = {};
  view.notice = null;
  view.hash = newHash(state);
  state.changed();
  return { ok: true, view };
}

function kept(blocks: readonly Block[], values: Values): Values {
  const here = new Set(elementsOf(blocks).map(({ block, element }) => `${block.block_id} ${element.action_id}`));
  const pairs = Object.entries(values).map(([blockId, actions]) => [
    blockId,
    Object.fromEntries(Object.entries(actions).filter(([actionId]) => here.has(`${blockId} ${actionId}`))),
  ]);
  return Object.fromEntries(pairs);
}

export function publishHome(state: State, userId: string, given: unknown, hash?: string): Shown {
  const home = state.homes.get(userId);
  if (home !== undefined) return updateView(state, home, given, hash);
  const checked = ready(state, given, 'home');
  if (!checked.ok) return checked;
  const view = create(state, userId, checked.ready, undefined);
  state.homes.set(userId, view);
  state.changed();
  return { ok: true, view };
}

export function closeModal(state: State, view: View): void {
  state.modals.set(
    view.userId,
    stackOf(state, view.userId).filter((open) => open !== view),
  );
  state.changed();
}

export function clearModals(state: State, userId: string): void {
  state.modals.delete(userId);
  state.changed();
}

/** The view object as Slack's answers and payloads carry it. */
export function toSlackView(view: View): Json {
  return {
    id: view.id,
    team_id: TEAM.id,
    type: view.source.type,
    blocks: view.blocks,
    private_metadata: textOf(view.source['private_metadata']),
    callback_id: textOf(view.source['callback_id']),
    external_id: textOf(view.source['external_id']),
    state: { values: valuesOf(view.blocks, view.values) },
    hash: view.hash,
    title: view.source['title'] ?? { type: 'plain_text', text: 'View Title', emoji: true },
    submit: view.source['submit'] ?? null,
    close: view.source['close'] ?? null,
    clear_on_close: view.source['clear_on_close'] ?? false,
    notify_on_close: view.source['notify_on_close'] ?? false,
    root_view_id: view.rootId,
    previous_view_id: view.previousId,
    app_id: APP.id,
    app_installed_team_id: TEAM.id,
    bot_id: APP.botId,
  };
}
