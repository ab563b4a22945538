/** Deny, Ask for more and Answer: windows in which somebody says something about a request. */
import type { ModalView } from '@slack/types';
import { window } from '../../blocks/kit.ts';
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { statusReply } from '../../blocks/replies.ts';
import { statusOf } from '../../blocks/status.ts';
import { takenLine } from '../../blocks/break-glass.ts';
import {
  answerHeading,
  answering,
  denial,
  denyHeading,
  glassHeading,
  questionHeading,
  questioning,
  reviewingGlass,
} from '../../blocks/say.ts';
import { blockIds, decodeAnswer, decodeDecision, decodeId, inputId, noticeId } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately, windowOf } from './desk.ts';
import { refreshHome } from './on-home.ts';
import { type Press, typed } from './press.ts';
import { unreadable } from './refused.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

/** A reason is asked for first. Whoever may not deny is told so when they submit. */
export const onDeny = opening(denyHeading, async (desk, _caller, value) => {
  const id = decodeDecision(value)?.id ?? decodeId(value);
  return id === undefined ? unreadable(desk) : accept(denial(id));
});

export const onAskMore = opening(questionHeading, async (desk, _caller, value) => {
  const id = decodeId(value);
  return id === undefined ? unreadable(desk) : accept(questioning(id));
});

/** Whoever may not review it is told so when they submit; what it was is shown to those who may read it. */
export const onReviewGlass = opening(glassHeading, async (desk, caller, value) => {
  const id = decodeId(value);
  const found = id === undefined ? unreadable(desk) : await desk.useCases.readRequest(caller, id);
  if (!found.ok) return found;
  const { breakGlass, reason } = found.value;
  if (breakGlass === undefined) return reject({ code: 'nothing-to-review' });
  const { review } = breakGlass;
  if (review !== undefined) return reject({ code: 'already-reviewed', by: review.by.email });
  return accept(reviewingGlass(found.value.id, [takenLine(found.value), statusOf(found.value).headline], reason ?? ''));
});

export const onAnswer = opening(answerHeading, async (desk, caller, value) => {
  const asked = decodeAnswer(value);
  const found = asked === undefined ? unreadable(desk) : await desk.useCases.readRequest(caller, asked.id);
  if (!found.ok) return found;
  const question = asked === undefined ? undefined : found.value.questions?.[asked.number - 1];
  return value === undefined || question === undefined ? unreadable(desk) : accept(answering(value, question.text));
});

export const onDenySubmitted = submitting(denyHeading, blockIds.reason, async (desk, caller, metadata, said) => {
  const id = decodeId(metadata);
  return id === undefined
    ? unreadable(desk)
    : desk.useCases.decideRequest(caller, id, { kind: 'deny', reason: said.trim() === '' ? undefined : said.trim() });
});

export const onQuestionSubmitted = submitting(questionHeading, blockIds.question, async (desk, caller, metadata, said) => {
  const id = decodeId(metadata);
  return id === undefined ? unreadable(desk) : desk.useCases.questionRequest(caller, id, said);
});

export const onAnswerSubmitted = submitting(answerHeading, blockIds.answer, async (desk, caller, metadata, said) => {
  const asked = decodeAnswer(metadata);
  return asked === undefined ? unreadable(desk) : desk.useCases.answerQuestion(caller, asked.id, { number: asked.number, text: said });
});

export const onGlassReviewed = submitting(glassHeading, blockIds.note, async (desk, caller, metadata, said) => {
  const id = decodeId(metadata);
  return id === undefined ? unreadable(desk) : desk.useCases.breakGlass.review(caller, id, said);
});

type Prepare = (desk: Desk, caller: Caller, value: string | undefined) => Promise<Result<ModalView>>;

/** In a window of its own, or in the one whose button was pressed. */
function opening(heading: string, prepare: Prepare): (desk: Desk, press: Press) => Promise<void> {
  return (desk, { userId, triggerId, value, view, respond }) =>
    attempt(desk, privately(desk, userId, respond), async () => {
      const isInside = view !== undefined && !view.isHome;
      const opened = isInside ? windowOf(desk, view.id, heading) : await openWindow(desk, triggerId, heading);
      await attempt(desk, opened.tell, async () => {
        const caller = await desk.identities.caller(userId);
        const prepared = caller.ok ? await prepare(desk, caller.value, value) : caller;
        await opened.show(prepared.ok ? prepared.value : rejectionView(heading, prepared.rejection));
      });
    });
}

type Act = (desk: Desk, caller: Caller, metadata: string, said: string) => Promise<Result<PermissionRequest>>;

/** What is wrong with what was said stands at the field; everything else takes the window's place. */
function submitting(heading: string, blockId: string, act: Act): (desk: Desk, submission: Submission) => Promise<SubmissionAnswer> {
  return async (desk, { userId, values, metadata }) => {
    const caller = await desk.identities.caller(userId);
    if (!caller.ok) return { kind: 'done', view: rejectionView(heading, caller.rejection) };
    const done = await act(desk, caller.value, metadata, typed(values, blockId, inputId(blockId)) ?? '');
    if (done.ok)
      return { kind: 'done', view: window(heading, statusReply(done.value).blocks, noticeId), after: () => refreshHome(desk, userId) };
    const { rejection } = done;
    return rejection.code === 'reason-too-long' || rejection.code === 'invalid-value'
      ? { kind: 'errors', errors: { [blockId]: rejectionText(rejection) } }
      : { kind: 'done', view: rejectionView(heading, rejection) };
  };
}
