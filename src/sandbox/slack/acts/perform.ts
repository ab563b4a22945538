import type { Hub } from '../hub.ts';
import { findPerson } from '../state.ts';
import type { Act, Outcome } from './act.ts';
import { cannot } from './act.ts';
import { actOnBlock, askOptions } from './block-actions.ts';
import { runCommand, runShortcut, say } from './commands.ts';
import { runMessageShortcut } from './message-shortcut.ts';
import { close, openHome, submit } from './modals.ts';

/** Does one thing as one person; settled when the app has acknowledged it or 3 s are over. */
export async function perform(hub: Hub, act: Act): Promise<Outcome> {
  const person = findPerson(hub.state, act.as);
  if (person === undefined) return cannot('There is nobody with this id.');
  if (person.deleted || person.isBot) return cannot('This account cannot do anything.');
  switch (act.type) {
    case 'command':
      return runCommand(hub, person, act);
    case 'message':
      return say(hub, person, act);
    case 'block_action':
      return actOnBlock(hub, person, act);
    case 'submit':
      return submit(hub, person, act);
    case 'close':
      return close(hub, person, act);
    case 'home':
      return openHome(hub, person);
    case 'shortcut':
      return runShortcut(hub, person, act);
    case 'message_shortcut':
      return runMessageShortcut(hub, person, act);
    case 'options':
      return askOptions(hub, person, act);
    case 'read': {
      if (hub.state.unread.get(person.id)?.delete(act.channel) === true) hub.state.changed();
      return { ok: true };
    }
  }
}
