import type { KnownBlock } from '@slack/types';
import type { PermissionRequest, Question } from '../src/domain/request.ts';
import { type Message, actions, button, message, paragraph, quote } from './kit.ts';
import { bold, line, onOneLine, words } from './line.ts';
import { statusOf } from './status.ts';
import { actionIds, blockIds, encodeAnswer } from './wire.ts';
import { rightLine, rightWords } from './words.ts';

/**
 * What an approver wants to know, and the answer.
 * @param number  of the question, from 1
 * @param to  approvers only read it; whoever waits can answer
 */
export function question(request: PermissionRequest, number: number, to: 'approvers' | 'requestor'): Message {
  const asked = request.questions?.[number - 1];
  if (asked === undefined) throw new Error(`request ${request.id} has no question ${number}`);
  const { by, text, answer } = asked;
  const head =
    to === 'approvers'
      ? line('❓ ', bold(by.email), ' asks ', bold(request.requestor.email))
      : line('❓ ', bold(by.email), ' asks about ', rightLine(request.permission));
  const blocks: KnownBlock[] = [paragraph(head), quote(text), ...reply(request, number, answer, to)];
  return message(
    [head, line(onOneLine(text, 300)), ...(answer === undefined ? [] : [line('Answer: ', onOneLine(answer.text, 300))])],
    blocks,
  );
}

function reply(request: PermissionRequest, number: number, answer: Question['answer'], to: 'approvers' | 'requestor'): KnownBlock[] {
  if (answer !== undefined) return [paragraph(line('💬 ', bold(answer.by.email), ' answers')), quote(answer.text)];
  if (request.state.kind !== 'pending') return [paragraph(words('It was not answered.'), statusOf(request).headline)];
  if (to === 'approvers') return [paragraph(words('No answer yet.'))];
  return [
    actions(blockIds.access, [
      button({
        actionId: actionIds.answer,
        label: 'Answer',
        spoken: `Answer the question about ${rightWords(request.permission)}`,
        value: encodeAnswer(request.id, number),
        style: 'primary',
      }),
    ]),
  ];
}
