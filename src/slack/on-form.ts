/** The window that asks for access. */
import { window } from '../../blocks/kit.ts';
import { rejectionAtField, rejectionView } from '../../blocks/notices.ts';
import { submittedReply } from '../../blocks/replies.ts';
import { requestForm } from '../../blocks/request-form.ts';
import { actionIds, blockIds, noticeId, rightKey } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import type { Asked } from '../app/request-form.ts';
import { parseReason } from '../domain/reason.ts';
import type { Rejection } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately, type Tell } from './desk.ts';
import { chosen, type Press } from './press.ts';
import { type FormState, keysOf, readForm } from './read-form.ts';
import { hoursErrors, shownHours, whyNoHours, windowOf } from './read-hours.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

export const formHeading = 'Request access';

/** `tell` is for the case that no window opens. `begin` makes what the form starts with; it is called once the window is open. */
export function openForm(
  desk: Desk,
  from: { readonly userId: string; readonly triggerId: string; readonly tell: Tell },
  begin: () => Promise<FormState>,
): Promise<void> {
  return attempt(desk, from.tell, async () => {
    const opened = await openWindow(desk, from.triggerId, formHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(from.userId);
      if (!caller.ok) return opened.show(rejectionView(formHeading, caller.rejection));
      await opened.show(await draw(desk, from.userId, caller.value, await begin()));
    });
  });
}

/** Something was chosen: what can be chosen next, and what would become of it, is drawn anew. */
export function onFormChanged(desk: Desk, press: Press): Promise<void> {
  return changed(desk, press, async () => readForm(press.values, press.view?.metadata ?? ''));
}

/** A right from before was chosen, and fills the form. */
export function onAskAgain(desk: Desk, press: Press): Promise<void> {
  return changed(desk, press, async (caller) => {
    const state = readForm(press.values, press.view?.metadata ?? '');
    const key = chosen(press.values, actionIds.formAgain, actionIds.formAgain);
    const recent = await desk.useCases.recentRights(caller);
    const right = recent.find(({ integration, accessType, resource }) => rightKey(integration, accessType, resource) === key);
    if (right === undefined || key === undefined) return state;
    return { ...state, ...keysOf(right), seed: key };
  });
}

/** What fails leaves the form with what stands in it. */
function changed(desk: Desk, { userId, view, ts }: Press, read: (caller: Caller) => Promise<FormState>): Promise<void> {
  if (view === undefined) return Promise.resolve();
  return attempt(desk, privately(desk, userId, undefined), () =>
    desk.turns.redraw(
      view.id,
      { hash: view.hash, ts },
      async () => {
        const caller = await desk.identities.caller(userId);
        return caller.ok ? draw(desk, userId, caller.value, await read(caller.value)) : rejectionView(formHeading, caller.rejection);
      },
      async (drawn, hash) => (await desk.client.views.update({ view_id: view.id, hash, view: drawn })).view?.hash,
    ),
  );
}

async function draw(desk: Desk, userId: string, caller: Caller, state: FormState): Promise<ReturnType<typeof requestForm>> {
  const hours = await shownHours(desk, userId, state.hours);
  const filled = { ...state, hours };
  const form = await desk.useCases.asking.form(caller, await askedBy(desk, filled));
  const wrong = whyNoHours(hours);
  const isRefused = wrong !== undefined && form.forecast !== undefined;
  return requestForm({ ...form, filled, ...(isRefused ? { forecast: { kind: 'refused', rejection: wrong } } : {}) });
}

/** Whom it is for goes by their address; somebody who has none that can be vouched for has none. */
export async function askedBy(desk: Desk, { forOther, to, byEnd, until, duration, hours, ...right }: FormState): Promise<Asked> {
  const address = !forOther ? undefined : to === undefined ? '' : ((await desk.identities.addressOf(to)) ?? '');
  return { ...right, to: address, duration: byEnd ? undefined : duration, until: byEnd ? until : undefined, window: windowOf(hours) };
}

export async function onFormSubmitted(desk: Desk, { userId, viewId, values, metadata }: Submission): Promise<SubmissionAnswer> {
  desk.turns.close(viewId);
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return { kind: 'done', view: rejectionView(formHeading, caller.rejection) };
  const state = readForm(values, metadata);
  const refuse = (rejection: Rejection): SubmissionAnswer => ({
    kind: 'errors',
    errors: { [fieldOf(rejection, Object.keys(values))]: rejectionAtField(rejection) },
  });
  const reason = parseReason(state.reason ?? '');
  if (!reason.ok) {
    desk.countRefused('form');
    return refuse(reason.rejection);
  }
  const asked = await askedBy(desk, state);
  const errors = whatIsMissing(state, asked, Object.keys(values));
  if (errors !== undefined) return { kind: 'errors', errors };
  const submitted = await desk.useCases.asking.submit(caller.value, { ...asked, reason: reason.value });
  if (!submitted.ok) return refuse(submitted.rejection);
  const { request, isPreexisting } = submitted.value;
  return { kind: 'done', view: window(formHeading, submittedReply(request, isPreexisting).blocks, noticeId) };
}

/** Somebody may send the form before the field that they called for is there. */
function whatIsMissing({ byEnd, to, hours }: FormState, asked: Asked, blocks: readonly string[]): Record<string, string> | undefined {
  if (byEnd && asked.until === undefined) return { [actionIds.formDuration]: 'Choose until when, in the field below.' };
  if (asked.to !== '') return hoursErrors(hours);
  const sentence =
    to === undefined
      ? 'Choose who gets the access, in the field below.'
      : 'This account cannot get access: only members of this workspace can.';
  return { [blocks.includes(actionIds.formTo) ? actionIds.formTo : actionIds.formForOther]: sentence };
}

/** The block at which a refusal is told: of the field that it is about, or of the right as far as it is there. */
function fieldOf(rejection: Rejection, blocks: readonly string[]): string {
  const there = (field: string): string | undefined => blocks.find((id) => id === field || id.startsWith(`${field}:`));
  const fields = [...fieldsOf(rejection), actionIds.formResource, actionIds.formAccessType, actionIds.formIntegration];
  return fields.map(there).find((id) => id !== undefined) ?? actionIds.formDuration;
}

const length = [actionIds.formUntil, actionIds.formDuration];
/** What is not here is about the right. */
const fieldsByCode: ReadonlyMap<Rejection['code'], readonly string[]> = new Map<Rejection['code'], readonly string[]>([
  ['reason-required', [blockIds.reason]],
  ['reason-too-long', [blockIds.reason]],
  ['over-maximum', length],
  ['invalid-duration', length],
  ['duration-required', length],
  ['invalid-principal', [actionIds.formTo]],
  ['account-unusable', [actionIds.formTo]],
  ['review-owed', [actionIds.breakGlass]],
  ['no-break-glass', [actionIds.breakGlass]],
]);

const fieldsOf = (rejection: Rejection): readonly string[] =>
  rejection.code === 'invalid-value' ? (fieldsByName.get(rejection.field) ?? []) : (fieldsByCode.get(rejection.code) ?? []);
const fieldsByName: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['until', length],
  ['window', [actionIds.hoursOnly]],
  ['to', [actionIds.formForOther]],
]);
