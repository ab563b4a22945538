import { type Placed, findElement } from '../elements.ts';
import type { Hub } from '../hub.ts';
import { findMessage, maySee } from '../messages.ts';
import { findView } from '../modals.ts';
import type { Place } from '../payloads.ts';
import type { Person } from '../people.ts';
import type { Container } from './act.ts';

/** The message or view that this person has in front of them, or a sentence. */
export function findPlace(hub: Hub, person: Person, container: Container): Place | string {
  if (container.kind === 'view') {
    const view = findView(hub.state, { id: container.viewId });
    return view?.userId === person.id ? { kind: 'view', view } : 'This window is not open any more.';
  }
  const channel = hub.state.channels.get(container.channel);
  const message = findMessage(hub.state, container.channel, container.ts);
  if (channel === undefined || message === undefined || !maySee(hub.state, person.id, message)) return 'There is no such message here.';
  return { kind: 'message', channel, message };
}

export function findPlaced(place: Place, blockId: string, actionId: string): Placed | undefined {
  return findElement(place.kind === 'view' ? place.view.blocks : place.message.blocks, actionId, blockId);
}
