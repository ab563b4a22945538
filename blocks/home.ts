import type { Button, HomeView, KnownBlock } from '@slack/types';
import type { PageFrom } from '../src/domain/page.ts';
import type { DurationSeconds } from '../src/domain/duration.ts';
import type { RequestId } from '../src/domain/ids.ts';
import type { Permission, PermissionRequest } from '../src/domain/request.ts';
import { cancelButton, extendButton, relinquishButton } from './buttons.ts';
import { encodePosition, encodeTurn, type HomeListName, type HomePosition } from './home-position.ts';
import type { Findings } from '../src/domain/drift.ts';
import { driftBlocks } from './drift.ts';
import type { Lateness } from '../src/domain/lateness.ts';
import { latenessBlocks } from './home-lateness.ts';
import { overdueBlocks, type Overdue } from './home-overdue.ts';
import { type Unreviewed, unreviewedBlocks } from './home-unreviewed.ts';
import { actions, button, paragraph, title } from './kit.ts';
import { line, onLines, onOneLine, words } from './line.ts';
import { statusOf } from './status.ts';
import { actionIds, blockIds, blockOf, rightKey } from './wire.ts';
import { askLine, durationLine, rightLine, rightWords } from './words.ts';

/** `newer`, `older`: where the pages beside it begin; undefined where there is none. */
export type HomePage = {
  readonly requests: readonly PermissionRequest[];
  readonly newer: PageFrom | undefined;
  readonly older: PageFrom | undefined;
};

export type HomeProps = Readonly<Record<HomeListName, HomePage>> & {
  readonly position: HomePosition;
  readonly overdue: Overdue | undefined;
  /** What was taken at once and is to be reviewed, for those who review it; undefined where there is nothing. */
  readonly unreviewed?: Unreviewed | undefined;
  /** What somebody else has changed at targets, for the same; undefined where there is nothing. */
  readonly drift?: Findings | undefined;
  /** How late access was seen gone lately, for the same. */
  readonly lateness?: readonly Lateness[];
  readonly isOwner: boolean;
  /** May press the panic switch. */
  readonly mayPanic?: boolean;
  /** How much standing access nears its end, for those who look it through. */
  readonly standing?: number;
  /** How much more one press asks for, where there can be more. */
  readonly extendBy?: ReadonlyMap<RequestId, DurationSeconds>;
  /** Rights that were asked for before. */
  readonly recent: readonly (Permission & { readonly label: string })[];
};

/** Three lists with two blocks a row must stay under the 100 blocks of a home tab. */
const mostRows = 10;
const mostAgain = 5;

type Row = (request: PermissionRequest) => KnownBlock[];

/** What is overdue, what is to be reviewed, what others changed at targets, what waits for this person, what they asked for and what they have. */
export const home = (props: HomeProps): HomeView => ({
  type: 'home',
  private_metadata: encodePosition(props.position),
  blocks: [
    ...(props.overdue === undefined ? [] : overdueBlocks(props.overdue)),
    ...(props.unreviewed === undefined ? [] : unreviewedBlocks(props.unreviewed)),
    ...(props.drift === undefined ? [] : driftBlocks(props.drift)),
    actions(blockIds.start, startButtons(props)),
    ...list('waiting', 'Waiting for you', 'Nothing waits for your decision.', props.waiting, waitingRow),
    ...list('requests', 'Your requests', 'You have no requests.', props.requests, requestRow),
    ...list('access', 'Your access', 'You have no access at the moment.', props.access, accessRow(props.extendBy)),
    ...againBlocks(props.recent),
    ...latenessBlocks(props.lateness ?? []),
  ],
});

const startButtons = ({ isOwner, standing = 0, mayPanic = false }: HomeProps): Button[] => [
  button({ actionId: actionIds.openForm, label: 'Request access', spoken: 'Request access', value: 'form', style: 'primary' }),
  ...(isOwner ? ownerButtons() : []),
  ...(standing === 0 ? [] : [standingButton(standing)]),
  ...(mayPanic ? [panicButton()] : []),
];

const standingButton = (count: number): Button =>
  button({
    actionId: actionIds.openStanding,
    label: `Review standing access (${count})`,
    spoken: `Review standing access that ends soon: ${count}`,
    value: 'standing',
  });

const panicButton = (): Button =>
  button({
    actionId: actionIds.openPanic,
    label: 'Panic',
    spoken: 'Panic: take access away from many at once',
    value: 'panic',
    style: 'danger',
  });

const ownerButtons = (): Button[] => [
  button({ actionId: actionIds.openSettings, label: 'JIT settings', spoken: 'Open the JIT settings', value: 'settings' }),
  button({ actionId: actionIds.openPolicies, label: 'Policies', spoken: 'Open the access policies', value: 'policies' }),
];

function list(name: HomeListName, heading: string, none: string, page: HomePage, row: Row): KnownBlock[] {
  const rows = page.requests.slice(0, mostRows).flatMap(row);
  const isOnly = page.newer === undefined && page.older === undefined;
  return [
    title(heading),
    ...(rows.length === 0 ? [paragraph(words(isOnly ? none : 'Nothing on this page.'))] : rows),
    ...turnButtons(name, heading, page),
  ];
}

/** One block each: a block's buttons would need different ids. */
function againBlocks(recent: HomeProps['recent']): KnownBlock[] {
  const rows = recent.slice(0, mostAgain).map((right) => {
    const value = rightKey(right.integration, right.accessType, right.resource);
    const label = `${onOneLine(right.accessType, 15)} ${onOneLine(right.label, 30)} on ${onOneLine(right.integration, 25)}`;
    return actions(`again:${value}`, [
      button({ actionId: actionIds.homeAgain, label, spoken: `Ask again for ${rightWords(right)}`, value }),
    ]);
  });
  return rows.length === 0 ? [] : [title('Ask again'), ...rows];
}

function turnButtons(name: HomeListName, heading: string, { newer, older }: HomePage): KnownBlock[] {
  const turn = (actionId: string, label: string, to: PageFrom | undefined): Button[] =>
    to === undefined ? [] : [button({ actionId, label, spoken: `${heading}: ${label}`, value: encodeTurn(name, to) })];
  const buttons = [...turn(actionIds.homeNewer, '◀ Newer', newer), ...turn(actionIds.homeOlder, 'Older ▶', older)];
  return buttons.length === 0 ? [] : [actions(`turn:${name}`, buttons)];
}

const withButtons = (kind: string, { id }: PermissionRequest, buttons: Button[]): KnownBlock => actions(blockOf(kind, id), buttons);

const waitingRow: Row = (request) => [
  paragraph(askLine(request), durationLine(request), statusOf(request).headline),
  withButtons('waiting', request, [
    button({
      actionId: actionIds.review,
      label: 'Review',
      spoken: `Review the request for ${rightWords(request.permission)}`,
      value: request.id,
    }),
  ]),
];

const requestRow: Row = (request) => [
  paragraph(rightLine(request.permission), statusOf(request).headline),
  ...(request.state.kind === 'pending' ? [withButtons('request', request, [cancelButton(request)])] : []),
];

/** What can be done with access that somebody has. */
const accessButtons = (request: PermissionRequest, more: DurationSeconds | undefined): Button[] => [
  ...(more === undefined ? [] : [extendButton(request, more)]),
  relinquishButton(request),
];

const accessRow =
  (extendBy: HomeProps['extendBy']): Row =>
  (request) => {
    const isActive = request.state.kind === 'approved' && request.state.grant.state.kind === 'active';
    return [
      paragraph(line(rightLine(request.permission)), statusOf(request).headline),
      ...(isActive ? [withButtons('access', request, accessButtons(request, extendBy?.get(request.id)))] : []),
    ];
  };

/** Instead of the lists: why there are none. */
export const homeNotice = (text: string): HomeView => ({ type: 'home', blocks: [paragraph(words(onLines(text, 600)))] });
