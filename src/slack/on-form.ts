/** The window that asks for access. */
import { window } from '../../blocks/kit.ts';
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { submittedReply } from '../../blocks/replies.ts';
import { requestForm } from '../../blocks/request-form.ts';
import { blockIds, decodeDuration, inputId, noticeId, rightKey } from '../../blocks/wire.ts';
import type { Draft, RequestForm } from '../app/use-cases.ts';
import { readDraft } from '../domain/command-draft.ts';
import { parseReason } from '../domain/reason.ts';
import type { Rejection } from '../domain/result.ts';
import { attempt, type Desk, openWindow, type Tell } from './desk.ts';
import { withAddresses } from './mentions.ts';
import { chosen, typed } from './press.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

export const formHeading = 'Request access';

/** `tell` is for the case that no window opens. `argv` fills the form with what was typed already. */
export function openForm(
  desk: Desk,
  from: { readonly userId: string; readonly triggerId: string; readonly tell: Tell },
  argv: readonly string[],
): Promise<void> {
  return attempt(desk, from.tell, async () => {
    const opened = await openWindow(desk, from.triggerId, formHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(from.userId);
      if (!caller.ok) return opened.show(rejectionView(formHeading, caller.rejection));
      const form = await desk.useCases.requestForm(caller.value);
      const draft = readDraft(await withAddresses(desk, argv));
      await opened.show(requestForm({ ...form, draft, forOther: argv[0] === 'grant' }));
    });
  });
}

export async function onFormSubmitted(desk: Desk, submission: Submission): Promise<SubmissionAnswer> {
  const caller = await desk.identities.caller(submission.userId);
  if (!caller.ok) return { kind: 'done', view: rejectionView(formHeading, caller.rejection) };
  const draft = readForm(await desk.useCases.requestForm(caller.value), submission);
  if ('errors' in draft) return { kind: 'errors', errors: draft.errors };
  const submitted = await desk.useCases.submitRequest(caller.value, draft);
  if (!submitted.ok) return { kind: 'errors', errors: { [fieldOf(submitted.rejection, draft)]: rejectionText(submitted.rejection) } };
  const { request, isPreexisting } = submitted.value;
  return { kind: 'done', view: window(formHeading, submittedReply(request, isPreexisting).blocks, noticeId) };
}

/** What came back is looked up in what is offered now. */
function readForm(form: RequestForm, { values }: Submission): Draft | { readonly errors: Record<string, string> } {
  const errors: Record<string, string> = {};
  const right = findRight(form, chosen(values, blockIds.right, inputId(blockIds.right)));
  if (right === undefined) errors[blockIds.right] = 'This is not offered any more. Choose again.';
  const duration = decodeDuration(chosen(values, blockIds.duration, inputId(blockIds.duration)));
  if (duration === undefined) errors[blockIds.duration] = 'Choose how long.';
  const reason = parseReason(typed(values, blockIds.reason, inputId(blockIds.reason)) ?? '');
  if (!reason.ok) errors[blockIds.reason] = rejectionText(reason.rejection);
  if (right === undefined || duration === undefined || !reason.ok) return { errors };
  return { right, duration, reason: reason.value, to: typed(values, blockIds.to, inputId(blockIds.to))?.trim() };
}

function findRight(form: RequestForm, key: string | undefined): Draft['right'] | undefined {
  for (const { name, service, items } of form.integrations) {
    const item = items.find(({ accessType, resource }) => rightKey(name, accessType, resource) === key);
    if (item !== undefined) return { service, accessType: item.accessType, resource: item.resource, integration: name };
  }
  return undefined;
}

/** The field at which a refusal is told. */
function fieldOf({ code }: Rejection, { to }: Draft): string {
  if (code === 'reason-required' || code === 'reason-too-long') return blockIds.reason;
  if (code === 'over-maximum' || code === 'invalid-duration' || code === 'duration-required') return blockIds.duration;
  return to !== undefined && (code === 'invalid-principal' || code === 'account-unusable') ? blockIds.to : blockIds.right;
}
