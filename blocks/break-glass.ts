import type { KnownBlock } from '@slack/types';
import { describeDuration } from '../src/domain/duration.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { revokeButton, reviewGlassButton } from './buttons.ts';
import { type Message, actions, message, paragraph, quote } from './kit.ts';
import { type Line, bold, date, line, onOneLine } from './line.ts';
import { quotedBlocks, statusOf } from './status.ts';
import { blockIds } from './wire.ts';
import { decider, rightLine } from './words.ts';

/** To owners and approvers: somebody took access without asking them. Whoever it is, they hear of it at once. */
export function breakGlass(request: PermissionRequest): Message {
  const lines = [takenLine(request), statusOf(request).headline, ...lengthLines(request), ...owedLines(request)];
  const blocks: KnownBlock[] = [
    paragraph(...lines),
    ...(request.reason === undefined ? [] : [quote(request.reason)]),
    ...quotedBlocks(request),
    ...noteBlocks(request),
    ...buttons(request),
  ];
  const reason = line('Reason: ', onOneLine(request.reason ?? '', 300));
  return message([takenLine(request), ...lengthLines(request), reason, ...owedLines(request)], blocks);
}

/** Below it: nobody has reviewed that yet. Afterwards only what came of it. */
export function unreviewed(request: PermissionRequest): Message {
  const { breakGlass: used } = request;
  if (used === undefined) throw new Error(`request ${request.id} took nothing at once`);
  if (used.review !== undefined) {
    const lines = [...owedLines(request), takenLine(request)];
    return message(lines, [paragraph(...lines), ...noteBlocks(request)]);
  }
  const lines = [line('🔔 ', bold('Still to be reviewed'), ' since ', date(used.at)), takenLine(request), statusOf(request).headline];
  return message(lines, [
    paragraph(...lines),
    ...(request.reason === undefined ? [] : [quote(request.reason)]),
    actions(blockIds.access, [reviewGlassButton(request)]),
  ]);
}

/** "bob took role readonly on orders-db at once, without an approver". */
export const takenLine = ({ requestor, permission }: PermissionRequest): Line =>
  line('🚨 ', bold('Break-glass'), ': ', bold(requestor.email), ' took ', rightLine(permission), ' at once, without an approver');

function lengthLines({ state }: PermissionRequest): readonly Line[] {
  return state.kind === 'approved'
    ? [line('For: ', bold(describeDuration(state.duration)), ', by ', decider(state.by), ', ', date(state.at))]
    : [];
}

/** What is owed for it, or who has reviewed it; nothing of other requests. */
export function owedLines({ breakGlass: used }: Pick<PermissionRequest, 'breakGlass'>): readonly Line[] {
  if (used === undefined) return [];
  return used.review === undefined
    ? [line('🔎 ', bold('Owes a review'), ': somebody else looks at it, and says what they found')]
    : [line('🔎 ', bold('Reviewed'), ' by ', bold(used.review.by.email), ', ', date(used.review.at))];
}

const noteBlocks = ({ breakGlass: used }: PermissionRequest): KnownBlock[] =>
  used?.review === undefined ? [] : [paragraph(line('What they found:')), quote(used.review.note)];

function buttons(request: PermissionRequest): KnownBlock[] {
  const { state, breakGlass: used } = request;
  const grant = state.kind === 'approved' ? state.grant.state.kind : undefined;
  const all = [
    ...(used?.review === undefined ? [reviewGlassButton(request)] : []),
    ...(grant === 'planned' || grant === 'active' ? [revokeButton(request)] : []),
  ];
  return all.length === 0 ? [] : [actions(blockIds.access, all)];
}
