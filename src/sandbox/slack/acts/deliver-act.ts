import type { Answer, Delivery } from '../delivery.ts';
import type { Hub } from '../hub.ts';
import { tellFromSlack } from '../messages.ts';
import type { Person } from '../people.ts';

/** Delivers while the person's page shows what is going on. */
export async function whileBusy(hub: Hub, person: Person, doing: string, delivery: Delivery): Promise<Answer> {
  hub.state.busy.set(person.id, doing);
  hub.state.changed();
  try {
    return await hub.courier.deliver(delivery);
  } finally {
    hub.state.busy.delete(person.id);
    hub.state.changed();
  }
}

/** Slack's own words for an app that did not answer (in time). */
export function tellFailure(hub: Hub, person: Person, channelId: string, what: string, answer: Answer): void {
  const error = answer.kind === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
  if (answer.kind === 'failed') hub.state.warn(`${what}: ${answer.reason}`);
  tellFromSlack(hub.state, person.id, channelId, `${what} failed with the error “${error}”.`);
}
