/** Windows in which somebody says something about a request. */
import type { ModalView } from '@slack/types';
import { longestReason } from '../src/domain/reason.ts';
import { paragraph, plain, quote } from './kit.ts';
import { type Line, words } from './line.ts';
import { blockIds, inputId, viewIds } from './wire.ts';

type SayProps = {
  readonly viewId: string;
  readonly heading: string;
  readonly submit: string;
  readonly blockId: string;
  readonly label: string;
  readonly hint: string;
  readonly optional: boolean;
  /** What to look up when it is submitted. */
  readonly metadata: string;
  readonly above?: readonly Line[];
  readonly quoted?: string;
};

const say = ({ viewId, heading, submit, blockId, label, hint, optional, metadata, above = [], quoted }: SayProps): ModalView => ({
  type: 'modal',
  callback_id: viewId,
  private_metadata: metadata,
  title: plain(heading, 24),
  submit: plain(submit, 24),
  close: plain('Cancel', 24),
  blocks: [
    ...(above.length === 0 ? [] : [paragraph(...above)]),
    ...(quoted === undefined ? [] : [quote(quoted)]),
    {
      type: 'input',
      block_id: blockId,
      optional,
      label: plain(label, 2000),
      hint: plain(hint, 2000),
      element: { type: 'plain_text_input', action_id: inputId(blockId), multiline: true, max_length: longestReason },
    },
  ],
});

export const denyHeading = 'Deny request';
export const denial = (metadata: string): ModalView =>
  say({
    viewId: viewIds.deny,
    heading: denyHeading,
    submit: 'Deny',
    blockId: blockIds.reason,
    label: 'Reason',
    hint: 'Whoever asked reads it. They can ask again.',
    optional: true,
    metadata,
  });

export const questionHeading = 'Ask for more';
export const questioning = (metadata: string): ModalView =>
  say({
    viewId: viewIds.question,
    heading: questionHeading,
    submit: 'Ask',
    blockId: blockIds.question,
    label: 'What do you need to know?',
    hint: 'Whoever asked for access is told, and their answer stands below the request.',
    optional: false,
    metadata,
  });

export const glassHeading = 'Review break-glass';
/** @param taken  what was taken, and why */
export const reviewingGlass = (metadata: string, taken: readonly Line[], reason: string): ModalView =>
  say({
    viewId: viewIds.reviewGlass,
    heading: glassHeading,
    submit: 'Reviewed',
    blockId: blockIds.note,
    label: 'What did you find?',
    hint: 'It is on record, and whoever took it reads it. To take the access away, press Revoke in the message.',
    optional: false,
    metadata,
    above: taken,
    quoted: reason,
  });

export const answerHeading = 'Answer';
export const answering = (metadata: string, asked: string): ModalView =>
  say({
    viewId: viewIds.answer,
    heading: answerHeading,
    submit: 'Answer',
    blockId: blockIds.answer,
    label: 'Your answer',
    hint: 'Approvers read it below the request.',
    optional: false,
    metadata,
    above: [words('An approver asks:')],
    quoted: asked,
  });
