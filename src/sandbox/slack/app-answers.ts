import type { Hub } from './hub.ts';
import { type Json, textOf } from './json.ts';
import { addMessage, directChannel, editMessage, findMessage, removeMessage } from './messages.ts';
import type { Refusal } from './modals.ts';
import { APP } from './people.ts';
import type { ResponseTarget } from './response-urls.ts';
import { flag, readSaid } from './said-by-app.ts';

/**
 * What an app answers to an interaction, by response_url or inside the acknowledgement of a command:
 * a new message (ephemeral unless `response_type` is in_channel), or a change of the message it came from.
 */
export function answerInteraction(hub: Hub, target: ResponseTarget, args: Json): { ok: true } | Refusal {
  const { state } = hub;
  const source = target.sourceTs === null ? undefined : findMessage(state, target.channelId, target.sourceTs);
  if (flag(args['delete_original'])) {
    if (source === undefined) return { ok: false, error: 'message_not_found' };
    removeMessage(state, source);
    return { ok: true };
  }
  const said = readSaid(state, 'response_url', args);
  if (!said.ok) return said;
  if (said.text === '' && (said.blocks ?? []).length === 0) return { ok: false, error: 'no_text' };
  if (flag(args['replace_original']) && source !== undefined) {
    editMessage(state, source, said.text, said.blocks ?? []);
    return { ok: true };
  }
  const channel = state.channels.get(target.channelId) ?? directChannel(state, target.userId);
  const threadTs = textOf(args['thread_ts']);
  addMessage(state, channel, {
    user: APP.userId,
    text: said.text,
    blocks: said.blocks ?? [],
    onlyFor: args['response_type'] === 'in_channel' ? null : target.userId,
    threadTs: threadTs === '' ? null : threadTs,
  });
  return { ok: true };
}
