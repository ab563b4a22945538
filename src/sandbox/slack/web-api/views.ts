import type { Hub } from '../hub.ts';
import { type Json, parseJson, textOf } from '../json.ts';
import { findView, openModal, publishHome, type Refusal, type Shown, stackOf, toSlackView, updateView } from '../modals.ts';
import { type Method, missing, refuse } from './method.ts';

function answer(shown: Shown): (Json & { ok: true }) | Refusal {
  return shown.ok ? { ok: true, view: toSlackView(shown.view) } : shown;
}

function givenView(args: Json): unknown {
  return typeof args['view'] === 'string' ? parseJson(args['view']) : args['view'];
}

function optional(value: unknown): string | undefined {
  const text = textOf(value);
  return text === '' ? undefined : text;
}

function spend(hub: Hub, args: Json): { ok: true; userId: string } | Refusal {
  const triggerId = optional(args['trigger_id']);
  if (triggerId === undefined) return missing('trigger_id');
  const spent = hub.triggers.spend(triggerId);
  return 'error' in spent ? refuse(spent.error) : { ok: true, userId: spent.userId };
}

const open: Method = (hub, args) => {
  const trigger = spend(hub, args);
  return trigger.ok ? answer(openModal(hub.state, trigger.userId, givenView(args))) : trigger;
};

const push: Method = (hub, args) => {
  const trigger = spend(hub, args);
  if (!trigger.ok) return trigger;
  if (stackOf(hub.state, trigger.userId).length === 0) return refuse('not_found');
  return answer(openModal(hub.state, trigger.userId, givenView(args)));
};

const update: Method = ({ state }, args) => {
  const id = optional(args['view_id']);
  const externalId = optional(args['external_id']);
  if (id === undefined && externalId === undefined) return missing('view_id');
  const view = findView(state, id === undefined ? { externalId: externalId ?? '' } : { id });
  return view === undefined ? refuse('not_found') : answer(updateView(state, view, givenView(args), optional(args['hash'])));
};

const publish: Method = ({ state }, args) => {
  const userId = textOf(args['user_id']);
  const person = state.people.get(userId);
  if (person === undefined) return refuse('user_not_found');
  if (person.deleted) return refuse('user_disabled');
  return answer(publishHome(state, userId, givenView(args), optional(args['hash'])));
};

export const viewMethods: Record<string, Method> = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};
