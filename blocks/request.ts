import type { KnownBlock } from '@slack/types';
import type { DurationSeconds } from '../src/domain/duration.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { cancelButton, escalateButton, nudgeButton, takeAtOnceButton } from './buttons.ts';
import { type Message, actions, message, paragraph } from './kit.ts';
import { owedLines } from './break-glass.ts';
import { type Line, bold, line, onOneLine } from './line.ts';
import { quotedBlocks, statusOf } from './status.ts';
import { blockIds } from './wire.ts';
import {
  approversWords,
  durationLine,
  endorsementLines,
  escalationLines,
  extensionLines,
  isForOther,
  narrowedLines,
  rightLine,
} from './words.ts';

/** What they took at once keeps them from the next until somebody has looked at it. */
function debtLines(asked: PermissionRequest): readonly Line[] {
  const { breakGlass: used } = asked;
  if (used === undefined) return [];
  const more =
    used.review === undefined
      ? 'Until then you can ask for access, and take nothing more at once.'
      : `What they found: ${onOneLine(used.review.note, 1000)}`;
  return [...owedLines(asked), line(more)];
}

/** DM to the requestor: what became of the request. */
export function request({
  request: asked,
  approvers,
  canEscalate = false,
  takeAtOnce,
}: {
  readonly request: PermissionRequest;
  readonly approvers: readonly string[];
  readonly canEscalate?: boolean;
  /** How long they may take it at once, in an emergency. */
  readonly takeAtOnce?: DurationSeconds | undefined;
}): Message {
  const status = statusOf(asked);
  const isPending = asked.state.kind === 'pending';
  const what = line('Your request: ', rightLine(asked.permission), isForOther(asked) ? line(' for ', bold(asked.principal.email)) : '');
  const facts = [
    what,
    status.headline,
    ...(isPending
      ? [
          durationLine(asked),
          ...extensionLines(asked),
          ...narrowedLines(asked),
          ...escalationLines(asked),
          ...endorsementLines(asked),
          approvers.length === 0
            ? line('⚠️ ', bold('Nobody can approve this'), ' at the moment. Tell an owner, or cancel it.')
            : line('May decide: ', approversWords(approvers)),
        ]
      : [...narrowedLines(asked), ...status.details, ...debtLines(asked)]),
  ];
  const blocks: KnownBlock[] = [
    paragraph(...facts),
    ...quotedBlocks(asked),
    ...(isPending
      ? [
          actions(blockIds.access, [
            nudgeButton(asked),
            ...(canEscalate ? [escalateButton(asked)] : []),
            ...(takeAtOnce === undefined ? [] : [takeAtOnceButton(asked, takeAtOnce)]),
            cancelButton(asked),
          ]),
        ]
      : []),
  ];
  return message([what, status.headline], blocks);
}
