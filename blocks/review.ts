import type { KnownBlock, ModalView } from '@slack/types';
import type { ApprovalProps } from './approval.ts';
import { durationSelect, narrowSelect } from './choices.ts';
import { actions, button, paragraph, plain, quote, window } from './kit.ts';
import { contextLines } from './context.ts';
import { line, words } from './line.ts';
import { statusOf } from './status.ts';
import { actionIds, blockIds, encodeDecision, noticeId, viewIds } from './wire.ts';
import {
  approversWords,
  askLine,
  durationLine,
  endorsementLines,
  escalationLines,
  extensionLines,
  narrowedLines,
  rightWords,
} from './words.ts';

/** A window to decide one request, for those who come from the home tab; of a decided one it tells what became of it. */
export function review(props: ApprovalProps): ModalView {
  const { request, choice, approvers, narrower = [] } = props;
  const { headline } = statusOf(request);
  const facts: KnownBlock[] = [
    paragraph(
      ...escalationLines(request),
      ...narrowedLines(request),
      askLine(request),
      durationLine(request),
      ...extensionLines(request),
      ...endorsementLines(request),
      ...contextLines(props),
      headline,
      ...(choice === undefined ? [] : [line('May decide: ', approversWords(approvers))]),
    ),
    request.reason === undefined ? paragraph(words('No reason was given.')) : quote(request.reason),
  ];
  if (choice === undefined) return window('Review request', facts, noticeId);
  return {
    type: 'modal',
    callback_id: viewIds.review,
    // An id to look up and what was shown; whether this person may decide is asked when they do.
    private_metadata: encodeDecision(request.id, choice.digest),
    title: plain('Review request', 24),
    submit: plain('Approve', 24),
    close: plain('Close', 24),
    blocks: [
      ...facts,
      {
        type: 'input',
        block_id: blockIds.duration,
        label: plain('Approve for', 2000),
        element: durationSelect(actionIds.duration, choice.durations, request.asked, request.durationNamed ? 'as asked' : ''),
      },
      actions(blockIds.decision, [
        button({ actionId: actionIds.deny, label: 'Deny', spoken: `Deny ${rightWords(request.permission)}`, value: request.id }),
        button({
          actionId: actionIds.askMore,
          label: 'Ask for more',
          spoken: `Ask about ${rightWords(request.permission)}`,
          value: request.id,
        }),
        ...narrowSelect(request, narrower),
      ]),
    ],
  };
}
