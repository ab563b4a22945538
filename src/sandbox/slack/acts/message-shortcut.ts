import type { Hub } from '../hub.ts';
import { messageShortcutPayload } from '../payloads.ts';
import type { Person } from '../people.ts';
import { type ActOf, cannot, type Outcome } from './act.ts';
import { whileBusy } from './deliver-act.ts';
import { findPlace } from './places.ts';

/** Chooses a shortcut in the menu of a message, which need not be one of the app's. */
export async function runMessageShortcut(hub: Hub, person: Person, given: ActOf<'message_shortcut'>): Promise<Outcome> {
  const shortcut = hub.state.shortcuts.find(({ callback_id, type }) => callback_id === given.callbackId && type === 'message');
  if (shortcut === undefined) return cannot('There is no such shortcut.');
  const place = findPlace(hub, person, { kind: 'message', channel: given.channel, ts: given.ts });
  if (typeof place === 'string') return cannot(place);
  // What only one person sees has no menu.
  if (place.kind !== 'message' || place.message.onlyFor !== null) return cannot('This message has no shortcuts.');
  const payload = messageShortcutPayload(hub, person, place.channel, place.message, shortcut.callback_id);
  const answer = await whileBusy(hub, person, `Starting “${shortcut.name}” …`, { type: 'interactive', payload });
  return answer.kind === 'acked' ? { ok: true } : cannot(`“${shortcut.name}” did not answer in time.`);
}
