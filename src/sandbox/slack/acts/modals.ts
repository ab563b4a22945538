import type { Answer } from '../delivery.ts';
import { mergeValues, valuesOf } from '../element-state.ts';
import type { Hub } from '../hub.ts';
import { inputProblems } from '../input-rules.ts';
import { isJson, type Json, textOf } from '../json.ts';
import { directChannel } from '../messages.ts';
import { clearModals, closeModal, openModal, type Shown, stackOf, toSlackView, updateView } from '../modals.ts';
import { closedPayload, submissionPayload } from '../payloads.ts';
import type { Person } from '../people.ts';
import type { View } from '../state.ts';
import { type ActOf, cannot, type Outcome } from './act.ts';
import { whileBusy } from './deliver-act.ts';

const TROUBLE = 'We had some trouble connecting. Try again?';

function showTrouble(hub: Hub, view: View, why: string): void {
  hub.state.warn(`view_submission of ${textOf(view.source['callback_id'])}: ${why}`);
  view.notice = TROUBLE;
  hub.state.changed();
}

function showErrors(hub: Hub, view: View, given: unknown): void {
  const errors = isJson(given) ? Object.entries(given) : [];
  const inputs = new Set(view.blocks.filter((block) => block.type === 'input').map((block) => block.block_id));
  if (errors.length === 0 || errors.some(([blockId, text]) => !inputs.has(blockId) || typeof text !== 'string' || text === '')) {
    showTrouble(hub, view, 'response_action errors must name input blocks of the view');
    return;
  }
  view.errors = Object.fromEntries(errors.map(([blockId, text]) => [blockId, textOf(text)]));
  hub.state.changed();
}

function carryOut(hub: Hub, view: View, body: Json): void {
  const shown = (result: Shown, what: string) => {
    if (!result.ok) showTrouble(hub, view, `response_action ${what}: ${result.error} ${(result.messages ?? []).join(' ')}`);
  };
  switch (body['response_action']) {
    case undefined:
      return closeModal(hub.state, view);
    case 'clear':
      return clearModals(hub.state, view.userId);
    case 'errors':
      return showErrors(hub, view, body['errors']);
    case 'update':
      return shown(updateView(hub.state, view, body['view']), 'update');
    case 'push':
      return shown(openModal(hub.state, view.userId, body['view']), 'push');
    default:
      return showTrouble(hub, view, `unknown response_action ${JSON.stringify(body['response_action'])}`);
  }
}

function readAnswer(hub: Hub, view: View, answer: Answer): void {
  if (answer.kind === 'acked') carryOut(hub, view, answer.body);
  else showTrouble(hub, view, answer.kind === 'timeout' ? 'no acknowledgement within 3 s' : answer.reason);
}

/** Submits a modal. What the person must correct, by Slack's rules or the app's, is shown at its fields. */
export async function submit(hub: Hub, person: Person, given: ActOf<'submit'>): Promise<Outcome> {
  const view = stackOf(hub.state, person.id).find((open) => open.id === given.viewId);
  if (view === undefined) return cannot('This window is not open any more.');
  if (view.source['submit'] === undefined) return cannot('This window has nothing to submit.');
  const values = mergeValues(view.blocks, view.values, given.state);
  if (typeof values === 'string') return cannot(values);
  view.values = values;
  view.notice = null;
  view.errors = inputProblems(view.blocks, valuesOf(view.blocks, values));
  hub.state.changed();
  if (Object.keys(view.errors).length > 0) return { ok: true };
  const payload = submissionPayload(hub, person, view);
  readAnswer(hub, view, await whileBusy(hub, person, 'Submitting …', { type: 'interactive', payload }));
  return { ok: true };
}

/** Closes a modal; the app hears of it only if it asked to. */
export async function close(hub: Hub, person: Person, given: ActOf<'close'>): Promise<Outcome> {
  const view = stackOf(hub.state, person.id).find((open) => open.id === given.viewId);
  if (view === undefined) return { ok: true };
  const isCleared = view.source['clear_on_close'] === true;
  const closing = isCleared ? stackOf(hub.state, person.id) : [view];
  for (const open of closing) closeModal(hub.state, open);
  const told = closing.filter((open) => open.source['notify_on_close'] === true);
  await Promise.all(told.map((open) => hub.courier.deliver({ type: 'interactive', payload: closedPayload(hub, person, open, isCleared) })));
  return { ok: true };
}

/** Opens the app's home tab, which tells the app by an event. */
export async function openHome(hub: Hub, person: Person): Promise<Outcome> {
  const home = hub.state.homes.get(person.id);
  await hub.courier.deliverEvent({
    type: 'app_home_opened',
    user: person.id,
    channel: directChannel(hub.state, person.id).id,
    tab: 'home',
    ...(home === undefined ? {} : { view: toSlackView(home) }),
  });
  return { ok: true };
}
