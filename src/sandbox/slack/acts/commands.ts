import { answerInteraction } from '../app-answers.ts';
import { escapeText, toCommandText } from '../command-text.ts';
import { type Hub } from '../hub.ts';
import { addMessage, tellFromSlack } from '../messages.ts';
import { commandPayload, shortcutPayload } from '../payloads.ts';
import { type Person, TEAM } from '../people.ts';
import type { Channel } from '../state.ts';
import { type ActOf, cannot, type Outcome } from './act.ts';
import { tellFailure, whileBusy } from './deliver-act.ts';

function memberOf(hub: Hub, person: Person, channelId: string): Channel | undefined {
  const channel = hub.state.channels.get(channelId);
  return channel?.members.has(person.id) === true ? channel : undefined;
}

/** Types a slash command; its acknowledgement may carry the answer at once. */
export async function runCommand(hub: Hub, person: Person, given: ActOf<'command'>): Promise<Outcome> {
  const channel = memberOf(hub, person, given.channel);
  if (channel === undefined) return cannot('You are not in this channel.');
  if (person.teamId !== TEAM.id) return cannot('People of another workspace cannot run commands here.');
  const [, name, typed] = /^(\/\S+)\s*([^]*)$/.exec(given.text.trim()) ?? [];
  const command = hub.state.commands.find((known) => known.command === name);
  if (name === undefined || typed === undefined) return cannot('A command begins with a slash.');
  if (command === undefined) {
    tellFromSlack(hub.state, person.id, channel.id, `\`${escapeText(name)}\` is not a valid command.`);
    return { ok: true };
  }
  const text = toCommandText(hub.state, typed, command.should_escape ?? true);
  const payload = commandPayload(hub, person, channel, name, text);
  const answer = await whileBusy(hub, person, `Sending ${name} …`, { type: 'slash_commands', payload });
  if (answer.kind !== 'acked') {
    tellFailure(hub, person, channel.id, name, answer);
    return { ok: true };
  }
  if ('text' in answer.body || 'blocks' in answer.body) {
    const shown = answerInteraction(hub, { userId: person.id, channelId: channel.id, sourceTs: null }, answer.body);
    if (!shown.ok) hub.state.warn(`acknowledgement of ${name}: ${shown.error} ${(shown.messages ?? []).join(' ')}`);
  }
  return { ok: true };
}

/** Says something in a channel. No app hears it: none here subscribes to messages. */
export function say(hub: Hub, person: Person, given: ActOf<'message'>): Outcome {
  const channel = memberOf(hub, person, given.channel);
  if (channel === undefined) return cannot('You are not in this channel.');
  if (given.text.trim() === '') return cannot('There is nothing to send.');
  addMessage(hub.state, channel, { user: person.id, text: escapeText(given.text) });
  return { ok: true };
}

export async function runShortcut(hub: Hub, person: Person, given: ActOf<'shortcut'>): Promise<Outcome> {
  const shortcut = hub.state.shortcuts.find((known) => known.callback_id === given.callbackId && known.type === 'global');
  if (shortcut === undefined) return cannot('There is no such shortcut.');
  const payload = shortcutPayload(hub, person, shortcut.callback_id);
  const answer = await whileBusy(hub, person, `Starting “${shortcut.name}” …`, { type: 'interactive', payload });
  return answer.kind === 'acked' ? { ok: true } : cannot(`“${shortcut.name}” did not answer in time.`);
}
