/** The windows of the panic switch: opened, previewed, pressed, looked at again, lifted. */
import { noticeView, rejectionAtField, rejectionText, rejectionView } from '../../blocks/notices.ts';
import { panicBlocks, panicConfirmation, panicForm, panicHeading, panicProgress } from '../../blocks/panic.ts';
import { decodeKind, decodePanic, type PanicDraft } from '../../blocks/panic-wire.ts';
import { actionIds } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import { type PanicId, parsePanicId } from '../domain/ids.ts';
import { isHolding, type Panic, parseSelection, selectionShape } from '../domain/panic.ts';
import { reject, type Result } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately, windowOf } from './desk.ts';
import { chosen, chosenAll, type Press, typed } from './press.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

type ModalView = ReturnType<typeof panicForm>;

/** `/access panic`, which is Slack's alone: an administrator at the machine has a command of their own. */
export const panicWord = 'panic';
export const panicHelp = (command: string): string =>
  `  ${`${command} ${panicWord}`.padEnd(command.length + 8)}  Take access away from many at once, for owners and security reviewers`;

/** Of the newest so many, those that hold or are not done stand in the form. */
const looked = 50;

export async function openPanic(desk: Desk, userId: string, triggerId: string): Promise<void> {
  const opened = await openWindow(desk, triggerId, panicHeading);
  await attempt(desk, opened.tell, async () => {
    const caller = await desk.identities.caller(userId);
    if (!caller.ok) return opened.show(rejectionView(panicHeading, caller.rejection));
    const listed = await desk.useCases.panics.page(caller.value, undefined, looked);
    if (!listed.ok) return opened.show(rejectionView(panicHeading, listed.rejection));
    await opened.show(panicForm(listed.value.filter((panic) => isHolding(panic) || panic.doneAt === undefined)));
  });
}

export function onOpenPanic(desk: Desk, { userId, triggerId, respond }: Press): Promise<void> {
  return attempt(desk, privately(desk, userId, respond), () => openPanic(desk, userId, triggerId));
}

const done = (view: ModalView): SubmissionAnswer => ({ kind: 'done', view });
const at = (block: string, text: string): SubmissionAnswer => ({ kind: 'errors', errors: { [block]: text } });

/** What was meant is shown with what would end; nothing is done yet. */
export async function onPanicSubmitted(desk: Desk, { userId, values }: Submission): Promise<SubmissionAnswer> {
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return done(rejectionView(panicHeading, caller.rejection));
  const kind = decodeKind(chosen(values, panicBlocks.kind, actionIds.panicKind));
  if (kind === undefined) return at(panicBlocks.kind, 'Choose what it is about.');
  const reason = (typed(values, panicBlocks.reason, actionIds.panicReason) ?? '').trim();
  if (reason === '') return at(panicBlocks.reason, rejectionText({ code: 'reason-required' }));
  const which = (typed(values, panicBlocks.which, actionIds.panicWhich) ?? '').trim();
  const hold = chosenAll(values, panicBlocks.hold, actionIds.panicHold)?.length !== 0;
  return preview(desk, caller.value, { kind, which, reason, hold });
}

async function preview(desk: Desk, caller: Caller, draft: PanicDraft): Promise<SubmissionAnswer> {
  const selection = parseSelection(draft.kind, draft.which);
  if (selection === undefined) return at(panicBlocks.which, `Write ${selectionShape[draft.kind]} here.`);
  const found = await desk.useCases.panics.preview(caller, selection);
  return done(found.ok ? panicConfirmation(draft, selection, found.value) : rejectionView(panicHeading, found.rejection));
}

/** The press. What travelled with the window is read as though it were typed anew. */
export async function onPanicConfirmed(desk: Desk, { userId, metadata }: Submission): Promise<SubmissionAnswer> {
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return done(rejectionView(panicHeading, caller.rejection));
  const draft = decodePanic(metadata);
  const selection = draft && parseSelection(draft.kind, draft.which);
  if (draft === undefined || selection === undefined) {
    desk.countRefused('form');
    return done(noticeView(panicHeading, 'This window cannot be read any more, and nothing was done. Open it again.'));
  }
  const { reason, hold } = draft;
  const started = await desk.useCases.panics.start(caller.value, { selection, reason, hold });
  if (started.ok) return done(panicProgress(started.value));
  return done(rejectionView(panicHeading, started.rejection));
}

export const onPanicAgain = inWindow((desk, caller, id) => desk.useCases.panics.read(caller, id));
export const onLiftPanic = inWindow((desk, caller, id) => desk.useCases.panics.lift(caller, id));

/** Shows how far the panic is in the window in which something was pressed; why not, where that was refused. */
function inWindow(work: (desk: Desk, caller: Caller, id: PanicId) => Promise<Result<Panic>>): (desk: Desk, press: Press) => Promise<void> {
  return async (desk, { userId, view, value }) => {
    if (view === undefined) return;
    const opened = windowOf(desk, view.id, panicHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(userId);
      if (!caller.ok) return opened.show(rejectionView(panicHeading, caller.rejection));
      const id = parsePanicId(value ?? '');
      if (id === undefined) desk.countRefused('press');
      const found = id === undefined ? reject({ code: 'not-found' }) : await work(desk, caller.value, id);
      if (found.ok) return opened.show(panicProgress(found.value));
      // It is still there to be looked at, though it may not be lifted by whoever tried.
      const still = id === undefined ? undefined : await desk.useCases.panics.read(caller.value, id);
      const why = rejectionAtField(found.rejection);
      await opened.show(still?.ok === true ? panicProgress(still.value, why) : rejectionView(panicHeading, found.rejection));
    });
  };
}
