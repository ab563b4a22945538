import { approval, type ApprovalProps } from './approval.ts';
import { type Message, message, paragraph } from './kit.ts';
import { bold, date, line } from './line.ts';
import { statusOf } from './status.ts';
import { askLine } from './words.ts';

/**
 * To approvers who have not answered: the request once more, with its buttons; afterwards only what became of it.
 * @param by  what asks again: time, or whoever waits
 */
export function reminder(props: ApprovalProps, by: 'time' | 'requestor'): Message {
  const { request } = props;
  if (request.state.kind !== 'pending') {
    const lines = [statusOf(request).headline, askLine(request)];
    return message(lines, [paragraph(...lines)]);
  }
  const since =
    by === 'time'
      ? line('🔔 ', bold('Still waiting'), ' since ', date(request.createdAt))
      : line('👋 ', bold(request.requestor.email), ' asks again, since ', date(request.createdAt));
  const { text, blocks } = approval(props);
  return { text: `${message([since], []).text}\n${text}`, blocks: [paragraph(since), ...blocks] };
}
