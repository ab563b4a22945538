import type { Button, HomeView, KnownBlock } from '@slack/types';
import type { PermissionRequest } from '../src/domain/request.ts';
import { cancelButton, relinquishButton } from './buttons.ts';
import { actions, button, paragraph, title } from './kit.ts';
import { line, onLines, words } from './line.ts';
import { statusOf } from './status.ts';
import { actionIds, blockIds, blockOf } from './wire.ts';
import { askLine, durationLine, rightLine, rightWords } from './words.ts';

export type HomeProps = {
  readonly waiting: readonly PermissionRequest[];
  readonly requests: readonly PermissionRequest[];
  readonly access: readonly PermissionRequest[];
};

/** Three lists with two blocks a row must stay under the 100 blocks of a home tab. */
const mostRows = 15;

type Row = (request: PermissionRequest) => KnownBlock[];

/** What waits for this person, what they asked for and what they have. */
export const home = ({ waiting, requests, access }: HomeProps): HomeView => ({
  type: 'home',
  blocks: [
    actions(blockIds.start, [
      button({ actionId: actionIds.openForm, label: 'Request access', spoken: 'Request access', value: 'form', style: 'primary' }),
    ]),
    ...list('Waiting for you', 'Nothing waits for your decision.', waiting, waitingRow),
    ...list('Your requests', 'You have no open requests.', requests, requestRow),
    ...list('Your access', 'You have no access at the moment.', access, accessRow),
  ],
});

function list(heading: string, none: string, requests: readonly PermissionRequest[], row: Row): KnownBlock[] {
  const rows = requests.slice(0, mostRows).flatMap(row);
  const left = requests.length - mostRows;
  const more = left > 0 ? [paragraph(words(`${left} more are not shown.`))] : [];
  return [title(heading), ...(rows.length === 0 ? [paragraph(words(none))] : rows), ...more];
}

const withButton = (kind: string, { id }: PermissionRequest, each: Button): KnownBlock => actions(blockOf(kind, id), [each]);

const waitingRow: Row = (request) => [
  paragraph(askLine(request), durationLine(request), statusOf(request).headline),
  withButton(
    'waiting',
    request,
    button({
      actionId: actionIds.review,
      label: 'Review',
      spoken: `Review the request for ${rightWords(request.permission)}`,
      value: request.id,
    }),
  ),
];

const requestRow: Row = (request) => [
  paragraph(rightLine(request.permission), statusOf(request).headline),
  ...(request.state.kind === 'pending' ? [withButton('request', request, cancelButton(request))] : []),
];

const accessRow: Row = (request) => {
  const isActive = request.state.kind === 'approved' && request.state.grant.state.kind === 'active';
  return [
    paragraph(line(rightLine(request.permission)), statusOf(request).headline),
    ...(isActive ? [withButton('access', request, relinquishButton(request))] : []),
  ];
};

/** Instead of the lists: why there are none. */
export const homeNotice = (text: string): HomeView => ({ type: 'home', blocks: [paragraph(words(onLines(text, 600)))] });
