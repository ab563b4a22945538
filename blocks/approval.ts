import type { KnownBlock } from '@slack/types';
import type { DurationSeconds } from '../src/domain/duration.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import type { Instant } from '../src/domain/time.ts';
import { revokeButton } from './buttons.ts';
import { durationSelect, narrowSelect } from './choices.ts';
import { type Message, actions, button, message, paragraph, quote } from './kit.ts';
import { type Line, line, link, onOneLine, words } from './line.ts';
import { contextLines } from './context.ts';
import { quotedBlocks, statusOf } from './status.ts';
import { actionIds, blockIds, encodeDecision } from './wire.ts';
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

export type ApprovalProps = {
  readonly request: PermissionRequest;
  /** Present while somebody may decide. `digest` stands for what is shown. */
  readonly choice: { readonly durations: readonly DurationSeconds[]; readonly digest: string } | undefined;
  /** Who may decide, in words. */
  readonly approvers: readonly string[];
  /** What speaks about it. */
  readonly policies?: readonly string[];
  /** What the principal did with this right before, and when somebody last said no. */
  readonly history?: { readonly count: number; readonly last: Instant | undefined; readonly denied?: Instant | undefined } | undefined;
  /** In a copy: where the message in the channel is. */
  readonly link?: string | undefined;
  /** What may be given in its place. */
  readonly narrower?: readonly string[] | undefined;
};

/** In the approval channel: what is asked, the buttons while they mean something, and what became of it. */
export function approval(props: ApprovalProps): Message {
  const { request, choice, approvers } = props;
  const status = statusOf(request);
  const isPending = request.state.kind === 'pending';
  const ask = askLine(request);
  const facts = isPending
    ? [
        ...escalationLines(request),
        ask,
        durationLine(request),
        ...extensionLines(request),
        ...narrowedLines(request),
        ...endorsementLines(request),
        ...contextLines(props),
        status.headline,
        line('May decide: ', approversWords(approvers)),
      ]
    : [
        status.headline,
        ask,
        ...narrowedLines(request),
        durationLine(request),
        ...extensionLines(request),
        ...escalationLines(request),
        ...status.details,
      ];
  const blocks: KnownBlock[] = [
    paragraph(...facts),
    ...(request.reason === undefined ? [paragraph(words('No reason was given.'))] : [quote(request.reason)]),
    ...quotedBlocks(request),
    ...(props.link === undefined ? [] : [paragraph(link('Open in the channel', props.link))]),
    ...buttons(request, choice, props.narrower ?? []),
  ];
  return message(
    notification(request, isPending ? [...escalationLines(request), ask, durationLine(request)] : [status.headline, ask]),
    blocks,
  );
}

/** A phone shows this and nothing else: who, what, how long, why. */
function notification({ reason }: PermissionRequest, lines: readonly Line[]): readonly Line[] {
  return reason === undefined ? lines : [...lines, line('Reason: ', onOneLine(reason, 300))];
}

function buttons(request: PermissionRequest, choice: ApprovalProps['choice'], narrower: readonly string[]): KnownBlock[] {
  const { state } = request;
  if (state.kind === 'pending') return choice === undefined ? [] : [decision(request, choice, narrower)];
  const grant = state.kind === 'approved' ? state.grant.state.kind : undefined;
  return grant === 'planned' || grant === 'active' ? [actions(blockIds.access, [revokeButton(request)])] : [];
}

function decision(
  request: PermissionRequest,
  { durations, digest }: NonNullable<ApprovalProps['choice']>,
  narrower: readonly string[],
): KnownBlock {
  const value = encodeDecision(request.id, digest);
  const what = `${rightWords(request.permission)} for ${request.principal.email}`;
  return actions(blockIds.decision, [
    durationSelect(actionIds.duration, durations, request.asked, request.durationNamed ? 'as asked' : ''),
    button({ actionId: actionIds.approve, label: 'Approve', spoken: `Approve ${what}`, value, style: 'primary' }),
    button({ actionId: actionIds.deny, label: 'Deny', spoken: `Deny ${what}`, value }),
    button({ actionId: actionIds.askMore, label: 'Ask for more', spoken: `Ask about ${what}`, value: request.id }),
    ...narrowSelect(request, narrower),
  ]);
}
