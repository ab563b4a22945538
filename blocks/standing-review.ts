/** The window in which standing access that nears its end is looked through, and taken away together. */
import type { Checkboxes, KnownBlock, ModalView } from '@slack/types';
import { digestOf } from '../src/domain/digest.ts';
import type { RequestId } from '../src/domain/ids.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { actions, button, confirmation, paragraph, plain, window } from './kit.ts';
import { bold, date, type Line, line, words } from './line.ts';
import { actionIds, noticeId } from './wire.ts';
import { rightLine, rightWords } from './words.ts';

export const standingHeading = 'Standing access';
/** Slack takes ten checkboxes in one group. */
export const standingPerPage = 10;

export type StandingProps = {
  readonly requests: readonly PermissionRequest[];
  /** After which request this page begins; undefined: the first page. */
  readonly after: RequestId | undefined;
  readonly hasMore: boolean;
  /** Above everything: what was done, or why nothing was. */
  readonly notice: Line | undefined;
};

const explanation = [
  words('A policy gave this access without anybody’s decision, and it ends soon.'),
  words('Left alone, it ends at its time. It cannot be prolonged: whoever still needs it asks again then, and the policies decide anew.'),
];

export function standingReview({ requests, after, hasMore, notice }: StandingProps): ModalView {
  const shown = requests.slice(0, standingPerPage);
  const none = after === undefined ? 'No standing access nears its end.' : 'There is no more.';
  const blocks: KnownBlock[] = [
    ...(notice === undefined ? [] : [paragraph(notice)]),
    ...(shown.length === 0 ? [paragraph(words(none))] : [paragraph(...explanation), paragraph(...shown.map(rowLine)), ...choice(shown)]),
    ...turnButtons(shown.at(-1)?.id, after, hasMore),
  ];
  return { ...window(standingHeading, blocks, noticeId), private_metadata: after ?? '' };
}

function rowLine({ principal, permission, state }: PermissionRequest, index: number): Line {
  const grant = state.kind === 'approved' ? state.grant.state : undefined;
  const end = grant?.kind === 'active' ? line(', ends ', date(grant.expiresAt)) : [];
  return line(`${index + 1}. `, bold(principal.email), ': ', rightLine(permission), end);
}

/** Where the boxes of this page stand; a page with other boxes has another place, so that none stays ticked. */
export const standingBlock = (ids: readonly RequestId[]): string => `standing:${digestOf(ids)}`;

function choice(shown: readonly PermissionRequest[]): KnownBlock[] {
  const boxes: Checkboxes = {
    type: 'checkboxes',
    action_id: actionIds.standingChosen,
    options: shown.map(({ id, principal, permission }, index) => ({
      text: plain(`${index + 1}. ${principal.email}`, 75),
      description: plain(rightWords(permission), 75),
      value: id,
    })),
  };
  const end = button({
    actionId: actionIds.endStanding,
    label: 'Take the ticked away now',
    spoken: 'Take the ticked standing access away now',
    value: 'end',
    style: 'danger',
    confirm: confirmation(
      'Take it away now?',
      'Everything that is ticked in this list is taken away now, for the people named there. What is not ticked ends at its time.',
      'Take it away',
    ),
  });
  return [actions(standingBlock(shown.map(({ id }) => id)), [boxes]), actions('end:standing', [end])];
}

function turnButtons(last: RequestId | undefined, after: RequestId | undefined, hasMore: boolean): KnownBlock[] {
  const buttons = [
    ...(after === undefined
      ? []
      : [button({ actionId: actionIds.standingFirst, label: '◀ To the first', spoken: 'To the first page', value: 'first' })]),
    ...(hasMore && last !== undefined
      ? [button({ actionId: actionIds.standingNext, label: 'Next ▶', spoken: 'The next page', value: last })]
      : []),
  ];
  return buttons.length === 0 ? [] : [actions('turn:standing', buttons)];
}
