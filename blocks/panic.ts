/** The windows of the panic switch: what is meant, what would end, and how far it is. */
import type { Button, KnownBlock, ModalView } from '@slack/types';
import { counted } from '../src/domain/counted.ts';
import {
  grantsIn,
  isHolding,
  type Panic,
  type PanicKind,
  panicKinds,
  type PanicPreview,
  type PanicSelection,
  selectionShape,
} from '../src/domain/panic.ts';
import { input } from './form-input.ts';
import { actions, button, confirmation, paragraph, plain, quote, window } from './kit.ts';
import { bold, date, type Line, line, onOneLine, words } from './line.ts';
import { encodePanic, longestPanicText, type PanicDraft } from './panic-wire.ts';
import { actionIds, noticeId, viewIds } from './wire.ts';
import { rightLine } from './words.ts';

export const panicHeading = 'Panic';
export const panicBlocks = { kind: 'panic_kind', which: 'panic_which', reason: 'panic_reason', hold: 'panic_hold' } as const;
const mostRunning = 5;
const mostItems = 10;
const mostFailures = 5;

const kindLabels: Readonly<Record<PanicKind, string>> = {
  person: 'All access of a person',
  right: 'A right, whoever has it',
  target: 'All access to a target',
  everything: 'Everything',
};
const hold = { text: plain('Give nothing of it until somebody lifts it', 75), value: 'hold' };

/** `running`: those that hold or are not done. */
export const panicForm = (running: readonly Panic[]): ModalView => ({
  type: 'modal',
  callback_id: viewIds.panic,
  title: plain(panicHeading, 24),
  submit: plain('Preview', 24),
  close: plain('Close', 24),
  blocks: [...running.slice(0, mostRunning).flatMap(runningBlocks), ...(running.length === 0 ? [] : [divider]), ...fields],
});

const divider: KnownBlock = { type: 'divider' };

const fields: KnownBlock[] = [
  paragraph(words('Takes access away from many at once. Nothing happens before you have seen what would end.')),
  input(panicBlocks.kind, 'What is it about?', {
    type: 'static_select',
    action_id: actionIds.panicKind,
    options: panicKinds.map((kind) => ({ text: plain(kindLabels[kind], 75), value: kind })),
  }),
  input(
    panicBlocks.which,
    'Which?',
    { type: 'plain_text_input', action_id: actionIds.panicWhich, max_length: longestPanicText },
    {
      hint: `A person: ${selectionShape.person}. A right: ${selectionShape.right}. A target: ${selectionShape.target}. Everything: ${selectionShape.everything}.`,
      optional: true,
    },
  ),
  input(
    panicBlocks.reason,
    'Why?',
    { type: 'plain_text_input', action_id: actionIds.panicReason, multiline: true, max_length: longestPanicText },
    { hint: 'Everybody whose access ends reads it.' },
  ),
  input(
    panicBlocks.hold,
    'And then?',
    { type: 'checkboxes', action_id: actionIds.panicHold, options: [hold], initial_options: [hold] },
    { optional: true },
  ),
];

function runningBlocks(panic: Panic): KnownBlock[] {
  return [paragraph(...progressLines(panic)), actions(`panic:${panic.id}`, panicButtons(panic))];
}

/** What would end at this moment; submitting it is the press. */
export function panicConfirmation(draft: PanicDraft, selection: PanicSelection, preview: PanicPreview): ModalView {
  const { people, active, planned, ending, requests, preApprovals, items } = preview;
  const total = grantsIn(preview);
  const shown = items.slice(0, mostItems);
  const left = total - shown.length;
  return {
    type: 'modal',
    callback_id: viewIds.panicConfirm,
    private_metadata: encodePanic(draft),
    title: plain(panicHeading, 24),
    submit: plain(total === 0 ? 'Press' : `End ${counted(total, 'grant')}`, 24),
    close: plain('Do nothing', 24),
    blocks: [
      paragraph(
        line('🚨 This takes away ', selectionLine(selection), ', now.'),
        line(
          `${counted(total, 'grant')} of `,
          `${counted(people, 'person', 'people')}: ${active} active, ${planned} not given yet, ${ending} ending already.`,
        ),
        words(`${counted(requests, 'pending request')} would be denied, and ${counted(preApprovals, 'pre-approval')} closed.`),
        words(draft.hold ? 'Until somebody lifts it, nothing of this is given again.' : 'Whoever asks afterwards is given it again.'),
        words('What is there is read again when you press.'),
      ),
      ...(shown.length === 0
        ? []
        : [paragraph(...shown.map((item) => line('• ', bold(item.principal), ', ', rightLine(item.permission))), ...more(left))]),
      quote(draft.reason),
    ],
  };
}

const more = (left: number): Line[] => (left > 0 ? [words(`and ${left} more`)] : []);

/** How far it is, when it was looked at last. `notice`: why nothing was done. */
export const panicProgress = (panic: Panic, notice?: string): ModalView =>
  window(
    panicHeading,
    [
      ...(notice === undefined ? [] : [paragraph(line('⚠️ ', onOneLine(notice, 300)))]),
      paragraph(...progressLines(panic), ...failureLines(panic)),
      quote(panic.reason),
      actions(`panic:${panic.id}`, panicButtons(panic)),
    ],
    noticeId,
  );

function progressLines({ selection, startedBy, startedAt, doneAt, lifted, progress, ...panic }: Panic): Line[] {
  const { total, gone, left, failing, requestsDenied, preApprovalsClosed } = progress;
  const isHeld = isHolding({ hold: panic.hold, lifted });
  return [
    line(doneAt === undefined ? '🚨 ' : '✅ ', bold(doneAt === undefined ? 'Under way' : 'Done'), ': ', selectionLine(selection)),
    line('Pressed by ', bold(startedBy.email), ' ', date(startedAt)),
    words(
      `${gone} of ${counted(total, 'grant')} seen gone, ${left} left${failing === 0 ? '' : `, of which ${failing} could not be taken away yet`}.`,
    ),
    words(`${counted(requestsDenied, 'request')} denied, ${counted(preApprovalsClosed, 'pre-approval')} closed.`),
    isHeld
      ? line('✋ ', bold('On hold'), ': nothing of it is given until it is lifted.')
      : lifted === undefined
        ? words('Nothing is held back.')
        : line('Lifted by ', bold(lifted.by.email), ' ', date(lifted.at)),
  ];
}

function failureLines({ progress: { failures, failing } }: Panic): Line[] {
  const shown = failures.slice(0, mostFailures);
  const lines = shown.map(({ principal, permission, why }) =>
    line('🔴 ', bold(principal), ', ', rightLine(permission), ': ', onOneLine(why, 200), '. It is tried again.'),
  );
  return [...lines, ...more(failing - shown.length)];
}

function panicButtons(panic: Panic): Button[] {
  const again = button({ actionId: actionIds.panicAgain, label: 'Refresh', spoken: 'Look again how far it is', value: panic.id });
  if (!isHolding(panic)) return [again];
  const lift = button({
    actionId: actionIds.liftPanic,
    label: 'Lift the hold',
    spoken: 'Lift the hold, so that it can be given again',
    value: panic.id,
    style: 'danger',
    confirm: confirmation('Lift the hold?', 'Whoever asks for it is given it again, as policies say. What was ended stays so.', 'Lift it'),
  });
  return [again, lift];
}

function selectionLine(selection: PanicSelection): Line {
  switch (selection.kind) {
    case 'person':
      return line('all access of ', bold(selection.person));
    case 'right':
      return line(
        `${onOneLine(selection.accessType, 50)} `,
        bold(selection.resource),
        ' on ',
        bold(selection.integration),
        ' from everybody',
      );
    case 'target':
      return line('all access to ', bold(selection.integration));
    case 'everything':
      return line(bold('all access that there is'));
  }
}
