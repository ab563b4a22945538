import type { RespondFn, SlashCommand } from '@slack/bolt';
import type { Message } from '../../blocks/kit.ts';
import { rejectionMessage } from '../../blocks/notices.ts';
import { allowedReply, helpReply, listReply, requestsReply, statusReply, submittedReply } from '../../blocks/replies.ts';
import type { Reply } from '../app/use-cases.ts';
import { isIncompleteRequest } from '../domain/command-draft.ts';
import { splitWords } from '../domain/words.ts';
import { attempt, type Desk, privately } from './desk.ts';
import { withAddresses } from './mentions.ts';
import { formOfCommand } from './form-start.ts';
import { openAllow } from './on-allow.ts';
import { openForm } from './on-form.ts';
import { isLinkWord, linkHelp, onLinkWord } from './on-link.ts';
import { openPanic, panicHelp, panicWord } from './on-panic.ts';

/** `/access …`: a complete command is carried out and answered in private; one that lacks something opens the form. */
export function onCommand(desk: Desk, { text, user_id: userId, trigger_id: triggerId }: SlashCommand, respond: RespondFn): Promise<void> {
  const tell = privately(desk, userId, respond);
  return attempt(desk, tell, async () => {
    const split = splitWords(text, desk.command);
    if (!split.ok) {
      desk.countRefused('command');
      return tell(rejectionMessage(split.rejection));
    }
    const [word, ...more] = split.value;
    if (isLinkWord(word)) return onLinkWord(desk, userId, [word, ...more], tell);
    if (word === panicWord) return openPanic(desk, userId, triggerId);
    const isForm = split.value.length === 0 || isIncompleteRequest(split.value);
    if (isForm && split.value[0] === 'allow') return openAllow(desk, { userId, triggerId, tell }, split.value);
    if (isForm) return openForm(desk, { userId, triggerId, tell }, () => formOfCommand(desk, split.value));
    const caller = await desk.identities.caller(userId);
    if (!caller.ok) return tell(rejectionMessage(caller.rejection));
    const result = await desk.useCases.runCommand(caller.value, await withAddresses(desk, split.value), desk.command);
    await tell(
      result.ok
        ? replyMessage(split.value.length === 1 ? withLinkWords(result.value, desk.command) : result.value)
        : rejectionMessage(result.rejection),
    );
  });
}

/** The list of all commands has those too that there are only here. */
const withLinkWords = (reply: Reply, command: string): Reply =>
  reply.kind === 'help' ? { ...reply, text: `${reply.text}\n\n${linkHelp(command)}\n${panicHelp(command)}` } : reply;

function replyMessage(reply: Reply): Message {
  switch (reply.kind) {
    case 'submitted':
      return submittedReply(reply.request, reply.isPreexisting);
    case 'allowed':
      return allowedReply(reply.preApproval);
    case 'decided':
    case 'ending':
      return statusReply(reply.request);
    case 'status':
      return requestsReply(reply.requests);
    case 'list':
      return listReply(reply);
    case 'help':
      return helpReply(reply.text);
  }
}
