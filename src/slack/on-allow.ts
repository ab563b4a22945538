/** The window that approves in advance. */
import { allowForm, allowHeading } from '../../blocks/allow-form.ts';
import { window } from '../../blocks/kit.ts';
import { rejectionAtField, rejectionView } from '../../blocks/notices.ts';
import { allowedReply } from '../../blocks/replies.ts';
import { actionIds, blockIds, decodeDuration, noticeId } from '../../blocks/wire.ts';
import type { AllowAsked } from '../app/allow-form.ts';
import type { Caller } from '../app/ports.ts';
import { readDraft } from '../domain/command-draft.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import { parseReason } from '../domain/reason.ts';
import type { Rejection } from '../domain/result.ts';
import { parseStartTime } from '../domain/start-time.ts';
import { type Instant, instant } from '../domain/time.ts';
import { attempt, type Desk, openWindow, privately, type Tell } from './desk.ts';
import { formOfCommand } from './form-start.ts';
import { chosen, type Press, type Values } from './press.ts';
import { type FormState, readForm } from './read-form.ts';
import { hoursErrors, shownHours, whyNoHours, windowOf } from './read-hours.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

/** `duration` is the window's length, and `each` that of one request in it. */
export type AllowState = FormState & {
  readonly start: Instant | undefined;
  readonly each: DurationSeconds | undefined;
};

/** Opens it with whatever could be read of a command. `tell` is for the case that no window opens. */
export function openAllow(
  desk: Desk,
  from: { readonly userId: string; readonly triggerId: string; readonly tell: Tell },
  argv: readonly string[],
): Promise<void> {
  return attempt(desk, from.tell, async () => {
    const opened = await openWindow(desk, from.triggerId, allowHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(from.userId);
      await opened.show(
        caller.ok
          ? await draw(desk, from.userId, caller.value, await allowOfCommand(desk, argv))
          : rejectionView(allowHeading, caller.rejection),
      );
    });
  });
}

async function allowOfCommand(desk: Desk, argv: readonly string[]): Promise<AllowState> {
  const { length, start, end } = readDraft(argv);
  const form = await formOfCommand(desk, argv);
  const at = (text: string | undefined): Instant | undefined => (text === undefined ? undefined : parseStartTime(text));
  return { ...form, duration: length, each: form.duration, byEnd: end !== undefined, until: at(end), start: at(start) };
}

/** Something was chosen: what can be chosen next, and what would become of it, is drawn anew. What fails leaves the form as it stands. */
export async function onAllowChanged(desk: Desk, { userId, view, values, ts }: Press): Promise<void> {
  if (view === undefined) return;
  await attempt(desk, privately(desk, userId, undefined), () =>
    desk.turns.redraw(
      view.id,
      { hash: view.hash, ts },
      async () => {
        const caller = await desk.identities.caller(userId);
        return caller.ok
          ? draw(desk, userId, caller.value, readAllow(values, view.metadata))
          : rejectionView(allowHeading, caller.rejection);
      },
      async (drawn, hash) => (await desk.client.views.update({ view_id: view.id, hash, view: drawn })).view?.hash,
    ),
  );
}

async function draw(desk: Desk, userId: string, caller: Caller, state: AllowState): Promise<ReturnType<typeof allowForm>> {
  const hours = await shownHours(desk, userId, state.hours);
  const filled = { ...state, hours };
  const form = await desk.useCases.allowing.form(caller, await allowAsked(desk, filled));
  const wrong = whyNoHours(hours);
  const isRefused = wrong !== undefined && form.forecast !== undefined;
  return allowForm({ ...form, filled, ...(isRefused ? { forecast: { kind: 'refused', rejection: wrong } } : {}) });
}

/** Whom it is for goes by their address; of somebody who has none that can be vouched for it is empty. */
export async function allowAsked(desk: Desk, { to, byEnd, until, duration, hours, ...state }: AllowState): Promise<AllowAsked> {
  const address = to === undefined ? undefined : ((await desk.identities.addressOf(to)) ?? '');
  return { ...state, to: address, length: byEnd ? undefined : duration, until: byEnd ? until : undefined, window: windowOf(hours) };
}

function readAllow(values: Values, metadata: string): AllowState {
  const start = values[actionIds.allowStart]?.[actionIds.allowStart]?.selected_date_time ?? undefined;
  return {
    ...readForm(values, metadata),
    to: values[actionIds.formTo]?.[actionIds.formTo]?.selected_user ?? undefined,
    start: start === undefined ? undefined : instant(start * 1000),
    each: decodeDuration(chosen(values, actionIds.allowEach, actionIds.allowEach)),
  };
}

export async function onAllowSubmitted(desk: Desk, { userId, viewId, values, metadata }: Submission): Promise<SubmissionAnswer> {
  desk.turns.close(viewId);
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return { kind: 'done', view: rejectionView(allowHeading, caller.rejection) };
  const state = readAllow(values, metadata);
  const refuse = (rejection: Rejection): SubmissionAnswer => ({
    kind: 'errors',
    errors: { [fieldOf(rejection, state, Object.keys(values))]: rejectionAtField(rejection) },
  });
  const reason = parseReason(state.reason ?? '');
  if (!reason.ok) {
    desk.countRefused('form');
    return refuse(reason.rejection);
  }
  if (state.byEnd && state.until === undefined)
    return { kind: 'errors', errors: { [actionIds.formDuration]: 'Choose until when, in the field below.' } };
  const asked = await allowAsked(desk, state);
  if (asked.to === undefined || asked.to === '') {
    const why = asked.to === undefined ? 'Choose somebody.' : 'This account cannot get access: only members of this workspace can.';
    return { kind: 'errors', errors: { [actionIds.formTo]: why } };
  }
  const errors = hoursErrors(state.hours);
  if (errors !== undefined) return { kind: 'errors', errors };
  const opened = await desk.useCases.allowing.create(caller.value, { ...asked, reason: reason.value });
  if (!opened.ok) return refuse(opened.rejection);
  return { kind: 'done', view: window(allowHeading, allowedReply(opened.value).blocks, noticeId) };
}

/** The block at which a refusal is told: of the field that it is about, or of the right as far as it is there. */
function fieldOf(rejection: Rejection, { byEnd, each }: AllowState, blocks: readonly string[]): string {
  const right = [actionIds.formResource, actionIds.formAccessType, actionIds.formIntegration];
  const field = [...fieldsOf(rejection, byEnd, each), ...right];
  return (
    field.map((id) => blocks.find((block) => block === id || block.startsWith(`${id}:`))).find((id) => id !== undefined) ?? actionIds.formTo
  );
}

const length = [actionIds.formUntil, actionIds.formDuration];
/** What is not here is about the right. */
const fieldsByCode: ReadonlyMap<Rejection['code'], readonly string[]> = new Map<Rejection['code'], readonly string[]>([
  ['reason-required', [blockIds.reason]],
  ['reason-too-long', [blockIds.reason]],
  ['own-request', [actionIds.formTo]],
  ['invalid-principal', [actionIds.formTo]],
  ['account-unusable', [actionIds.formTo]],
  ['too-many', [actionIds.formTo]],
]);

function fieldsOf(rejection: Rejection, byEnd: boolean, each: DurationSeconds | undefined): readonly string[] {
  if (rejection.code === 'over-maximum') return rejection.asked === each && !byEnd ? [actionIds.allowEach] : length;
  if (rejection.code !== 'invalid-value') return fieldsByCode.get(rejection.code) ?? [];
  if (rejection.field === 'start') return [actionIds.allowStart];
  if (rejection.field === 'window') return [actionIds.hoursDays, actionIds.hoursOnly];
  return rejection.field === 'end' ? length : [];
}
