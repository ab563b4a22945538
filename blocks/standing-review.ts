/** The window in which standing access that nears its end is looked through, and taken away together. */
import type { Checkboxes, KnownBlock, ModalView } from '@slack/types';
import { digestOf } from '../src/domain/digest.ts';
import type { RequestId } from '../src/domain/ids.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import type { Instant } from '../src/domain/time.ts';
import { actions, button, confirmation, paragraph, plain, window } from './kit.ts';
import { bold, date, type Line, line, onOneLine, words } from './line.ts';
import { actionIds, noticeId } from './wire.ts';
import { rightLine } from './words.ts';

export const standingHeading = 'Standing access';
/** Slack takes ten checkboxes in one group. */
export const standingPerPage = 10;

export type StandingProps = {
  readonly requests: readonly PermissionRequest[];
  /** After which request this page begins; undefined: the first page. */
  readonly after: RequestId | undefined;
  readonly hasMore: boolean;
  /** Above everything: what was done with each, or why nothing was. */
  readonly notice: readonly Line[];
};

const explanation = [
  words('A policy gave this access without anybody’s decision, and it ends soon. Left alone, it ends at its time.'),
  words('Tick what you decide about. What you keep is approved anew, for one more term from now, if policies still give it.'),
];

export function standingReview({ requests, after, hasMore, notice }: StandingProps): ModalView {
  const shown = requests.slice(0, standingPerPage);
  const none = after === undefined ? 'No standing access ends soon.' : 'There is no more.';
  const ids = shown.map(({ id }) => id);
  const blocks: KnownBlock[] = [
    ...(notice.length === 0 ? [] : [paragraph(...notice)]),
    ...(shown.length === 0
      ? [paragraph(words(none))]
      : [paragraph(...explanation), ...shown.flatMap((request) => row(request, standingBlock(ids, request.id))), decisions()]),
    ...turnButtons(shown.at(-1)?.id, after, hasMore),
  ];
  return { ...window(standingHeading, blocks, noticeId), private_metadata: after ?? '' };
}

/** A row names the right, and its box the person: on a narrow screen nothing is read twice. */
function row({ id, principal, permission, state }: PermissionRequest, blockId: string): KnownBlock[] {
  const grant = state.kind === 'approved' ? state.grant.state : undefined;
  const end = grant?.kind === 'active' ? line(', ends ', date(grant.expiresAt)) : [];
  const hours = state.kind === 'approved' && state.grant.hours !== undefined ? line(', only ', bold(state.grant.hours.text)) : [];
  const box: Checkboxes = {
    type: 'checkboxes',
    action_id: actionIds.standingChosen,
    options: [{ text: plain(principal.email, 75), value: id }],
  };
  return [paragraph(line(rightLine(permission), end, hours)), actions(blockId, [box])];
}

/** Where a row's box stands; a page with other rows has other places, so that none stays ticked. */
export const standingBlock = (ids: readonly RequestId[], id: RequestId): string => `standing:${digestOf([...ids, id])}`;

function decisions(): KnownBlock {
  const keep = button({
    actionId: actionIds.keepStanding,
    label: 'Keep for another term',
    spoken: 'Keep the ticked standing access for another term',
    value: 'keep',
    style: 'primary',
  });
  const end = button({
    actionId: actionIds.endStanding,
    label: 'Take away now',
    spoken: 'Take the ticked standing access away now',
    value: 'end',
    style: 'danger',
    confirm: confirmation(
      'Take it away now?',
      'Everything that is ticked in this list is taken away now, for the people named there. What is not ticked ends at its time.',
      'Take it away',
    ),
  });
  return actions('decide:standing', [keep, end]);
}

/** What came of a row: `why` it was refused, or what is done. `request` is undefined for one that is not on the page any more. */
export type StandingOutcome = {
  readonly request: PermissionRequest | undefined;
  readonly came:
    | { readonly kind: 'kept'; readonly until: Instant }
    | { readonly kind: 'ending' }
    | { readonly kind: 'refused'; readonly why: string };
};

export function outcomeLine({ request, came }: StandingOutcome): Line {
  const named =
    request === undefined
      ? [line('One that is not listed any more')]
      : [bold(request.principal.email), ', ', rightLine(request.permission)];
  switch (came.kind) {
    case 'kept':
      return line('✅ ', ...named, ': kept until ', date(came.until));
    case 'ending':
      return line('✅ ', ...named, ': being taken away');
    case 'refused':
      return line('⚠️ ', ...named, ': ', onOneLine(came.why, 300));
  }
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
